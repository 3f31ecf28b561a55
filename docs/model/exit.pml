/*
 * The exit of a pool: pool.go, acquire.go, release.go, hold.go, exit.go, entry.go,
 * get.go, force.go. A region of the code that holds p.mu is one atomic step here,
 * and nothing in it blocks; what happens between two regions may be interleaved
 * with everything.
 *
 * Parameters (-D): M is the number of members. The body starts the first STARTS
 * of them. RACED is one that another goroutine starts, HOLD one that is registered
 * with Defer. D0 to D3: the members that a member gets while it is being acquired.
 * FAIL: those that may fail; FAILS: that do; BLOCK: that may wait for the end of
 * their context. (Those are bit sets.) EARLY, EARLY2: members for which Release is
 * called. TASK: a task of that member gets TASKDEP. TWO: Exit has a second caller.
 * WAIT: the body waits for the acquisitions first. CALLER: the caller's context may
 * end. BREAK_n: a fault, which check must find.
 */
#ifndef STARTS
#define STARTS 0
#endif
#ifndef M
#define M 3
#endif
#ifndef D0
#define D0 0
#endif
#ifndef D1
#define D1 0
#endif
#ifndef D2
#define D2 0
#endif
#ifndef D3
#define D3 0
#endif
#ifndef FAIL
#define FAIL 0
#endif
#ifndef FAILS
#define FAILS 0
#endif
#ifndef BLOCK
#define BLOCK 0
#endif
#define B(m)    (1 << (m))
#define DEPS(m) (m == 0 -> D0 : (m == 1 -> D1 : (m == 2 -> D2 : D3)))

/* The states of a member (member.go). */
#define none      0
#define queued    1
#define acquiring 2
#define undoing   3
#define held      4
#define releasing 5
#define gone      6

/* The phases of a scope (scope.go). */
#define open    0
#define exiting 1
#define drained 2
#define exited  3

/* How an acquisition ended. */
#define good    0
#define failed  1 /* a failure of its own */
#define blamed  2 /* nothing but the failure of a member that it got (D4) */
#define cutOff  3 /* nothing but cancellation, or too late */

/* Who releases. */
#define byExit  0
#define byUndo  1
#define byEarly 2
#define byLate  3

/* Guarded by p.mu. Sets of members are bit masks. */
byte state[M];
byte uses[M];   /* edges; the count Node.users is USED here */
byte phase;
byte listed;    /* p.members */
byte nacq;      /* p.acquiring */
bool halt, haltByCaller, cut;
bool emptied;     /* it is closed */
byte doomed, early;
byte nforced;   /* the cause of the forced exit, and later ones */
byte nfaults;   /* failed acquisitions */
byte told;      /* what the members are told: 0 until Exit begins */

/* Without it. */
byte cancelled, detached; /* lifetime.Context */
byte ready, left;         /* channels of members, which are closed */
byte acqItems, acqBusy;   /* p.acquisitions: what is queued; whose workers have not ended */
byte relItems, relBusy;   /* p.releases */
bool ctxDone, watching, unwatched;
bool taskBegun, taskCancelled, taskDone;

/* What is observed. */
byte handle;           /* Start has returned */
byte admitted;         /* the pool has taken it */
byte registered;       /* it has something to release */
byte relBegun, relDone;
byte over;             /* nothing of it lives any more */
byte gotten[M];        /* whom it got without an error */
byte returned;         /* calls of Exit */
byte running;          /* processes that have to end */

#if M == 2
#define USED (uses[0] | uses[1])
#elif M == 3
#define USED (uses[0] | uses[1] | uses[2])
#else
#define USED (uses[0] | uses[1] | uses[2] | uses[3])
#endif
#define FREE(m) (!(USED & B(m)))

/* failedLocked */
#define FAILED (nfaults + (haltByCaller && (cut || nacq > 0)))

/* acquiringLocked */
inline acquiringLocked(ms) {
	ms = 0; k = 0;
	do
	:: k < M ->
		if
		:: state[k] == queued || state[k] == acquiring -> ms = ms | B(k)
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0
}

/* member.cut, of each of ms: without the lock, one after another */
inline cutAll(ms) {
	do
	:: atomic { ms != 0 ->
			k = 0;
			do
			:: ms & B(k) -> break
			:: else -> k++
			od;
			cutOne(k);
			ms = ms & ~B(k); k = 0
		}
	:: else -> break
	od
}

/* lifetime.Cancel */
inline cutOne(m) {
	if
	:: !(detached & B(m)) -> cancelled = cancelled | B(m)
	:: else
	fi
}

/* poll, stop, cancelUnlock */
inline poll() {
#ifdef CALLER
	if
	:: ctxDone ->
		atomic {
			if
			:: halt || phase != open
			:: else -> halt = true; haltByCaller = true; acquiringLocked(ms)
			fi
		};
		cutAll(ms)
	:: else
	fi
#else
	skip
#endif
}

/* force, forceLocked, cancelUnlock */
inline force() {
	atomic {
		if
		:: phase != open /* it is not taken */
		:: else ->
			nforced++;
			if
#ifndef BREAK_15
			:: nforced == 1 -> halt = true; acquiringLocked(ms)
#endif
			:: else
			fi
		fi
	};
	cutAll(ms)
}

/* emptyLocked */
inline emptyLocked() {
	if
	:: phase == exiting && listed == 0 ->
		phase = drained;
		assert(!emptied);
		emptied = true
	:: else
	fi
}

/* removeLocked, depend.Drop */
inline removeLocked(m) {
	listed = listed & ~B(m);
	freed = uses[m]; uses[m] = 0;
	k = 0;
	do
	:: k < M ->
		if
		:: (freed & B(k)) && FREE(k) && phase == exiting && state[k] == held -> state[k] = releasing
		:: else -> freed = freed & ~B(k)
		fi;
		k++
	:: else -> break
	od;
	k = 0;
#ifdef BREAK_7
	freed = 0; /* who is free now is forgotten */
#endif
	emptyLocked()
}

/* standby.Add of p.releases: see standby.pml */
inline addReleases(ms) {
	d_step { relItems = relItems | ms; relBusy = relBusy | ms; ms = 0 }
}

/* settledLocked */
inline settledLocked(m) {
	assert(!(ready & B(m)));
	ready = ready | B(m);
	nacq--
}

/* The functions that m has registered run; they are somebody else's code. */
inline release(m, who) {
	atomic {
		assert(!(relBegun & B(m)));    /* R1: once */
		relBegun = relBegun | B(m);
		k = 0;
		do                             /* D1: after those that use it */
		:: k < M -> assert(!(gotten[k] & B(m)) || (over & B(k))); k++
		:: else -> break
		od;
		k = 0;
		assert(who != byExit || (phase == exiting && told != 0)); /* X1: the cause is settled */
		assert(who == byLate || returned == 0)                    /* R7: Exit returns last */
	};
	atomic { relDone = relDone | B(m); over = over | B(m) }
}

/* unwinding.run: the task of the member is waited for, and what it registered is released. */
inline unwind(m, who) {
#ifdef TASK
	if
	:: m == TASK && taskBegun -> taskCancelled = true; taskDone
	:: else
	fi;
#endif
	if
	:: registered & B(m) -> release(m, who)
	:: else -> over = over | B(m)
	fi
}

/* undo: blame, unwinding.run, drop. Of a member that had not begun it is settleUnbegun. */
inline undo(m, how) {
	poll(); /* cutError, ended */
	/* blame */
	atomic {
		if
		:: state[m] <= acquiring -> state[m] = undoing
		:: else
		fi;
		forces = how == failed && !(doomed & B(m));
		cut = cut || (how == cutOff && !(doomed & B(m)) && halt)
	};
	if
	:: forces -> force()
	:: else
	fi;
	unwind(m, byUndo);
	/* drop */
	atomic {
		nfaults = nfaults + (how == failed && !(doomed & B(m)));
		/* D4: somebody reports the failure. */
		assert(how != blamed || (doomed & B(m)) || nfaults > 0 || halt);
		state[m] = gone; forces = false;
		settledLocked(m);
		removeLocked(m)
	};
	addReleases(freed)
}

/* lifetime.Detach; lives says whether it was not cancelled before */
inline detach(m, lives) {
	d_step {
		if
		:: ctxDone -> cutOne(m)
		:: else
		fi;
		lives = !(cancelled & B(m));
		if
		:: lives -> detached = detached | B(m)
		:: else
		fi
	}
}

/* The search of depend.Use: d reaches m. */
inline search(m, d, circle) {
	circle = uses[d]; k = 0;
	do
	:: k < M * M ->
		if
		:: circle & B(k % M) -> circle = circle | uses[k % M]
		:: else
		fi;
		k++
	:: else -> break
	od;
	k = 0;
	circle = circle & B(m)
}

/* The end of get, with the lock. */
inline got(m, d, how) {
	if
	:: (early & B(d)) || state[d] != held ->
#ifndef BREAK_16
		how = ((doomed | early) & B(d) -> failed : blamed) /* excuseLocked */
#else
		how = (doomed & B(d) -> failed : blamed)
#endif
	:: else ->
		gotten[m] = gotten[m] | B(d);
		assert(!(relBegun & B(d)) && (registered & B(d)) || (over & B(m)))
	fi
}

/* Get of d with the context of m, or of its task; ended says that this has ended */
inline get(m, d, how, ended) {
	handle & B(d); /* somebody else's code waits for the entry */
	/* use */
#ifndef BREAK_4
	addEdge(m, d, how);
#endif
	if
	:: how != good
	:: else ->
		atomic {
			waits = state[d] < held;
			if
			:: waits
			:: else -> got(m, d, how)
			fi
		};
		if
		:: waits ->
			/* waitFor */
			if
			:: ready & B(d) -> atomic { got(m, d, how) }
			:: (ended) && !(ready & B(d)) -> how = cutOff
			fi;
			waits = false
		:: else
		fi
	fi;
#ifdef BREAK_4
	addEdge(m, d, how) /* only when it has got it */
#endif
}

/* use, depend.Use */
inline addEdge(m, d, how) {
	atomic {
		if
		:: state[d] > held || state[m] >= gone
		:: else ->
#ifndef BREAK_10
			search(m, d, circle);
#endif
			if
			:: circle -> how = failed /* ErrCycle */
			:: else -> uses[m] = uses[m] | B(d)
			fi;
			circle = 0
		fi
	}
}

/* Start: admit, and Add to p.acquisitions */
inline start(m) {
	poll();
#ifdef BREAK_9
	refuses = phase != open || halt;
#endif
	atomic {
#ifndef BREAK_9
		refuses = phase != open || halt;
#endif
		if
		:: refuses ->
			state[m] = gone;
			cut = cut || phase == open
		:: else ->
			state[m] = queued;
			listed = listed | B(m); admitted = admitted | B(m);
			nacq++
		fi
	};
	if
	:: refuses -> handle = handle | B(m)
	:: else -> d_step { acqItems = acqItems | B(m); acqBusy = acqBusy | B(m); handle = handle | B(m) }
	fi
}

/* A worker of p.acquisitions, with m */
proctype Acquirer(byte m) {
	byte k, ms, freed, d, how, circle;
	bool begins, lives, waits, forces;
end:
#ifdef CALLER
	acqItems & B(m) -> poll();
#endif
	/* begin */
	atomic {
		acqItems & B(m) -> acqItems = acqItems & ~B(m);
		if
		:: state[m] != queued -> goto ended
		:: else ->
#ifdef BREAK_11
			begins = true;
#else
			begins = !halt && !(doomed & B(m));
#endif
			if
			:: begins ->
				assert(phase == open); /* no acquisition after Exit has begun */
				state[m] = acquiring
			:: else -> state[m] = undoing
			fi
		fi
	};
	if
	:: begins ->
		/* acquire: the Resource */
#ifdef TASK
		if
		:: m == TASK -> taskBegun = true
		:: else
		fi;
#endif
		do
		:: d < M && how == good && (DEPS(m) & B(d)) -> get(m, d, how, cancelled & B(m)); d++
		:: d < M && how == good && !(DEPS(m) & B(d)) -> d++
		:: else -> break
		od;
		d = 0;
#if BLOCK
		if
		:: how == good && (BLOCK & B(m)) -> cancelled & B(m) /* it waits for that */
		:: skip
		fi;
#endif
		atomic {
			if
			:: how != good
			:: how == good && !(FAILS & B(m)) -> registered = registered | B(m)
			:: how == good && ((FAIL | FAILS) & B(m)) -> how = failed
			:: how == good && ((FAIL | FAILS) & B(m)) -> registered = registered | B(m); how = failed
			:: how == good && (BLOCK & B(m)) && (cancelled & B(m)) -> how = cutOff
			fi;
			detach(m, lives) /* settle */
		}
	:: else -> how = cutOff; detach(m, lives)
	fi;
	/* conclude */
	if
	:: how == good && lives ->
		/* keep */
		atomic {
			if
#ifdef BREAK_2
			:: (doomed & B(m)) || state[m] != acquiring -> how = cutOff
#else
			:: halt || (doomed & B(m)) || state[m] != acquiring -> how = cutOff
#endif
			:: else -> state[m] = held; settledLocked(m); goto ended
			fi
		}
	:: how == good && !lives -> how = cutOff
	:: else
	fi;
	undo(m, how);
ended:
	atomic { acqBusy = acqBusy & ~B(m); begins = 0; lives = 0; how = 0 }
}

/* A worker of p.releases, with m; the goroutine of Exit is one of them */
proctype Releaser(byte m) {
	byte k, freed;
end:
	atomic { relItems & B(m) -> relItems = relItems & ~B(m) };
	/* releaseMember: glide or depart, then released or goneUnlock */
	unwind(m, byExit);
	atomic {
		state[m] = gone;
		left = left | B(m); /* leftLocked */
		removeLocked(m)
	};
	atomic { addReleases(freed); relBusy = relBusy & ~B(m) };
	goto end
}

/* Release of m */
proctype Early(byte m) {
	byte k, ms, freed, st;
	bool inUse, lives, forces, dooms;
	handle & B(m);
	/* releaseNow */
	atomic {
		st = state[m];
		if
		:: st <= undoing && FREE(m) ->
			/* cancelNowUnlock */
			if
			:: st <= acquiring -> doomed = doomed | B(m)
			:: else
			fi;
			if
			:: st == queued -> state[m] = undoing
			:: else
			fi;
			dooms = (doomed & B(m)) != 0
		:: st == held && FREE(m) ->
#ifndef BREAK_1
			state[m] = releasing;
#endif
			early = early | B(m)
		:: st <= held && !FREE(m) -> inUse = true
		:: st > held
		fi
	};
	if
	:: inUse || st >= gone
	:: !inUse && st == queued -> detach(m, lives); undo(m, cutOff)
	:: !inUse && (st == acquiring || st == undoing) ->
		if
		:: dooms -> atomic { cutOne(m) }
		:: else
		fi;
		ready & B(m);
		early = (dooms -> early | B(m) : early)
	:: !inUse && st == held ->
		/* releaseEarly */
		unwind(m, byEarly);
		atomic {
			state[m] = gone;
			left = left | B(m);
			removeLocked(m)
		};
		addReleases(freed)
	:: !inUse && st == releasing -> left & B(m)
	fi;
	/* R10: when it returns, the release is over */
	atomic {
		assert(inUse || (over & B(m)) || !(admitted & B(m)));
		running--;
		st = 0; lives = 0; dooms = 0; inUse = 0
	}
}

/* hold: Defer, DeferClose, Push on the pool */
proctype Hold(byte m) {
	byte k;
	bool late, now;
#ifdef BREAK_8
	late = phase >= drained; /* without the lock */
#endif
	atomic {
#ifndef BREAK_8
		late = phase >= drained;
#endif
		registered = registered | B(m);
		if
		:: late
		:: else ->
			listed = listed | B(m); admitted = admitted | B(m);
			now = phase == exiting;
			state[m] = (now -> releasing : held)
		fi
	};
	if
	:: late -> release(m, byLate) /* runLate */
	:: now -> d_step { relItems = relItems | B(m); relBusy = relBusy | B(m) }
	:: else
	fi;
	atomic { running--; late = 0; now = 0 }
}

/* The end of beginExit, and drainUnlock: the lock is kept in between */
inline drainUnlock(ms) {
	told = 1 + forced + fails;
	assert(tries > 2 || told == 1 + nforced + FAILED); /* X1: it is all that is known by now */
	phase = exiting;
	if
	:: !halt -> halt = true
	:: halt && nacq > 0 -> cut = true
	:: else
	fi;
	forced = 0; fails = 0; tries = 0;
	/* readyLocked */
	k = 0; m = 0;
	do
	:: k < M ->
		if
#ifdef BREAK_3
		:: state[k] == held ->
#else
		:: state[k] == held && FREE(k) ->
#endif
			state[k] = releasing; m = m | B(k)
		:: else
		fi;
		k++
	:: else -> break
	od;
	emptyLocked();
	acquiringLocked(ms)
}

/* Exit returns. */
inline return_() {
	returned++;
	assert(phase == exited);
	assert((admitted & ~over) == 0);                                  /* R7: it returns last */
	assert(listed == 0 && acqBusy == 0 && relBusy == 0 && !watching); /* R8 */
	running--
}

/* The body, which starts n members and exits; or only another caller of Exit */
proctype Body(byte n) {
	byte k, ms, m, forced, fails, tries;
	bool refuses;
	do
	:: m < n -> start(m); m++
	:: else -> break
	od;
	m = 0; refuses = 0;
#ifdef WAIT
	nacq == 0; /* Wait of the pool */
#endif
	/* exit, beginExit */
	poll();
	do
	:: atomic {
			if
#ifdef BREAK_6
			:: phase != open -> return_(); goto ended
#else
			:: phase != open -> goto awaits
#endif
			:: else
			fi;
			forced = nforced; fails = FAILED;
#ifdef BREAK_5
			phase = exiting /* before the cause is known */
		};
		atomic {
			drainUnlock(ms); break
#else
			if
			:: forced == 0 && fails == 0 -> drainUnlock(ms); break /* plain */
			:: else
			fi
#endif
		};
		/* the account is made without the lock */
		atomic {
#ifndef BREAK_13
			if
			:: phase != open -> goto awaits
			:: else
			fi;
#endif
#ifdef BREAK_12
			drainUnlock(ms); break
#else
			if
			:: (nforced == forced && FAILED == fails) || tries > 2 -> drainUnlock(ms); break
			:: else -> tries++ /* another failure came in between */
			fi
#endif
		}
	od;
	cutAll(ms);
	addReleases(m); /* Put and Help; that the caller is a worker: see standby.pml */
	/* drained */
	emptied;
#ifndef BREAK_14
	relBusy == 0 && acqBusy == 0; /* Wait of both queues, to which nothing is added any more */
#endif
#ifdef CALLER
	unwatched = true; /* unwatch */
	!watching;
#endif
	atomic { phase = exited; return_() }; /* finish, publish */
	goto ended;
awaits:
	atomic { phase == exited -> return_() };
ended:
	skip
}

#ifdef RACED
proctype Starter() {
	byte k, ms;
	bool refuses;
	start(RACED);
	atomic { running--; refuses = 0 }
}
#endif

#ifdef TASK
/* A task of TASK gets TASKDEP: while that is acquired, held, or released. */
proctype Task() {
	byte k, how, circle;
	bool waits;
end:
	taskBegun;
	if
	:: skip
	:: get(TASK, TASKDEP, how, taskCancelled)
	fi;
	atomic { taskDone = true; how = 0; waits = 0 }
}
#endif

#ifdef CALLER
proctype Caller() {
	ctxDone = true
}

/* The watch of setUp */
proctype Watch() {
	byte k, ms;
end:
	atomic { ctxDone && !unwatched -> watching = true };
	poll();
	watching = false
}
#endif

init {
	byte m;
	atomic {
		do
		:: m < M ->
			if
#ifdef HOLD
			:: m == HOLD -> run Hold(m); running++
			:: m != HOLD && m < STARTS -> run Acquirer(m)
#else
			:: m < STARTS -> run Acquirer(m)
#endif
#ifdef RACED
			:: m == RACED -> run Acquirer(m); run Starter(); running++
#endif
			:: else
			fi;
			run Releaser(m);
			m++
		:: else -> break
		od;
		m = 0;
#ifdef EARLY
		run Early(EARLY); running++;
#endif
#ifdef EARLY2
		run Early(EARLY2); running++;
#endif
#ifdef TASK
		run Task();
#endif
#ifdef CALLER
		run Watch(); run Caller();
#endif
		run Body(STARTS); running++;
#ifdef TWO
		run Body(0); running++;
#endif
	};
	/* All calls return (no deadlock), and what was registered has been released. */
	running == 0;
	assert((registered & ~relDone) == 0);
	assert((admitted & ~over) == 0)
}
