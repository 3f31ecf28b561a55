/*
 * The scheduler of internal/standby/standby.go: a queue whose items are run at
 * once, with goroutines only for those that block. A region of the code that
 * holds q.mu is one atomic step here, and nothing in it blocks.
 *
 * Parameters (-D): PUT, ADD and SPAWN are the numbers of items that the caller
 * of Put and Help has, that others Add, and that items add; their sum is at most
 * four. BATCH: Add is called once, with all of its items. ADMIT: Admit is set;
 * there is one share. EARLY: Wait is called while items are still queued.
 * MEET, LAST, GOEXIT: what items may do besides returning at once: wait for each
 * other, wait until all others are done, end their goroutine. BREAK_n: a fault,
 * which check must find.
 */
#ifndef PUT
#define PUT 0
#endif
#ifndef ADD
#define ADD 0
#endif
#ifndef SPAWN
#define SPAWN 0
#endif
#define FIXED (PUT + ADD)
#define N     (FIXED + SPAWN)
#define B(i)  (1 << (i))

/* Queue */
byte items[N];    /* items[head:tail] are queued */
byte head, tail;
bool standby;
byte workers;
bool made;        /* ended != nil */
byte closed;      /* how many channels ended have been closed */

/* What is observed. */
byte known = B(FIXED) - 1; /* items that are queued, or about to be */
byte begun, done, lasts;   /* items */
byte live;                 /* goroutines that were made and have not ended */
#ifdef ADMIT
byte order[N];    /* the items in the order in which they were queued */
byte queued, admitted, inside;
byte shares = 1;
byte holders;     /* items that have a share */
#endif

inline append(i) {
	items[tail] = i; tail++;
#ifdef ADMIT
	order[queued] = i; queued++
#endif
}

/* needStandbyLocked */
inline needStandby(make) {
	if
	:: standby || head == tail -> make = false
	:: else ->
		standby = true; make = true;
#ifndef BREAK_5
		workers++
#endif
	fi
}

/* The go statement of Add and take; it is reached without the lock. */
inline start(make) {
	if
	:: make -> atomic { live++; run Worker() }
	:: else
	fi
}

/* Add, of the items from first on, n of them */
inline add(first, n, make) {
	d_step {
		make = 0;
		do
		:: make < n -> append(first + make); make++
		:: else -> break
		od;
		needStandby(make)
	};
	start(make)
}

/* Put */
inline put() {
	d_step {
#ifdef BREAK_1
		head = 0; tail = 0; /* what is queued is replaced */
#endif
		k = 0;
		do
		:: k < PUT -> append(k); k++
		:: else -> break
		od;
		k = 0
	}
}

/* take; ok says whether there is an item */
inline take(first, item, ok, make) {
	atomic {
		ok = true; make = false;
#ifndef BREAK_8
		if
		:: first -> standby = false
		:: else
		fi;
#endif
		if
		:: head == tail -> ok = false
#ifdef ADMIT
		:: head != tail && standby -> ok = false
#endif
		:: else ->
#ifdef BREAK_8
			if /* the standby is taken off only if it finds an item */
			:: first -> standby = false
			:: else
			fi;
#endif
#ifdef BREAK_10
			item = items[tail - 1]; items[tail - 1] = items[head]; /* the newest first */
#else
			item = items[head];
#endif
#ifndef BREAK_2
			items[head] = 0; head++;
			if
			:: head == tail -> head = 0; tail = 0
			:: else
			fi;
#endif
#ifdef ADMIT
#ifndef BREAK_6
			standby = true /* nobody overtakes this item */
#endif
#else
#if !defined(BREAK_2) && !defined(BREAK_3)
			needStandby(make)
#endif
#endif
		fi
	};
#ifdef BREAK_2
	if
	:: ok -> d_step { /* the lock was given up in between */
			head++;
			if
			:: head >= tail -> head = 0; tail = 0
			:: else
			fi;
			needStandby(make)
		}
	:: else
	fi;
#endif
#ifdef ADMIT
	if
	:: ok ->
		/* Admit, without the lock: it waits for the share */
		atomic {
			inside++;
			assert(inside == 1);             /* one at a time */
			assert(order[admitted] == item); /* and in order */
			admitted++
		};
		atomic { shares > 0; shares--; holders = holders | B(item); inside-- };
		d_step {
#ifndef BREAK_7
			standby = false;
#endif
			needStandby(make)
		}
	:: else
	fi;
#endif
	start(make)
}

/* An item gives its share back when it waits and when it ends (limit.giveBack). */
inline giveBack(item) {
#ifdef ADMIT
	if
	:: holders & B(item) -> holders = holders & ~B(item); shares++
	:: else
	fi
#else
	skip
#endif
}

/* Do: the item, which is somebody else's code. exits says that it ends its goroutine. */
inline do_(item, exits, make) {
	atomic {
		assert(!(begun & B(item))); /* none runs twice */
		begun = begun | B(item)
	};
#if SPAWN
	if
	:: atomic { known != B(N) - 1 ->
			make = FIXED;
			do
			:: known & B(make) -> make++
			:: else -> break
			od;
			known = known | B(make); spawned = make
		};
		add(spawned, 1, make);
		spawned = 0
	:: skip
	fi;
#endif
	if
	:: skip
#ifdef MEET
	:: atomic { true -> giveBack(item) }; /* all wait for each other */
		(known & ~begun) == 0
#endif
#ifdef LAST
	:: atomic { true -> giveBack(item); lasts = lasts | B(item) }; /* waits until all others are done */
		(known & ~(done | (lasts & begun))) == 0
#endif
	fi;
	atomic {
		giveBack(item);
		done = done | B(item);
		if
		:: exits = false
#ifdef GOEXIT
		:: exits = true
#endif
		fi
	}
}

/* work */
proctype Worker() {
	byte item, spawned;
	byte make;
	bool ok, exits, first = true;
#ifdef BREAK_5
	workers++; /* counted by the goroutine itself */
#endif
	do
	:: take(first, item, ok, make);
		if
		:: !ok -> break
		:: else
		fi;
		first = false;
		do_(item, exits, make);
#ifdef BREAK_3
		d_step { needStandby(make) }; /* only after the item */
		start(make);
#endif
		if
		:: exits ->
#ifdef BREAK_4
			live--; goto ended /* not in a deferred call */
#else
			break
#endif
		:: else
		fi;
		item = 0
	od;
	/* the deferred call of work */
	atomic {
		workers--; live--;
		if
		:: made -> closed++; made = false
		:: else
		fi
	};
#ifdef BREAK_4
ended:
#endif
	item = 0; exits = 0; first = 0; ok = 0; make = 0
}

/* Others, who call Add. */
#if ADD && !defined(EARLY)
active proctype Adder() {
	byte make;
#ifdef BATCH
	add(PUT, ADD, make);
#else
	byte k;
	do
	:: k < ADD -> add(PUT + k, 1, make); k++
	:: else -> break
	od;
	k = 0;
#endif
	make = 0
}
#endif

/* The caller of Put, Help and Wait. */
active proctype Caller() {
	byte item, spawned, k;
	byte make;
	bool ok, exits;
#ifdef EARLY
	do
	:: k < ADD -> add(PUT + k, 1, make); k++
	:: else -> break
	od;
	k = 0;
#endif
#if PUT
	put();
	/* Help */
	do
	:: take(false, item, ok, make);
		if
		:: !ok -> break
		:: else
		fi;
		do_(item, exits, make);
#ifdef BREAK_3
		d_step { needStandby(make) };
		start(make);
#endif
		if
		:: exits -> break /* the rest is in a deferred call of the caller */
		:: else
		fi
	od;
	item = 0; ok = 0; exits = 0;
#endif
#ifndef EARLY
	/* Nothing is queued any more: the pool waits for its last member. */
	(known & ~done) == 0;
#endif
	/* Wait(0) */
	do
	:: atomic {
			if
#ifdef BREAK_9
			:: workers > 0 -> k = closed
#else
			:: workers > 0 -> made = true; k = closed
#endif
			:: else -> break
			fi
		};
#ifdef BREAK_9
		made = true; /* the lock was given up in between */
#endif
		closed != k /* <-ended */
	od;
	atomic {
		k = 0; make = 0;
		assert(head == tail);           /* nothing is lost */
		assert((known & ~done) == 0);
		assert(done == begun);
		assert(live == 0)              /* all goroutines have ended */
	}
}
