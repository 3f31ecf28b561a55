// Package timeline shows where the time of a scope goes: a [Recorder] is an
// observer that keeps what happens, and writes it as bars for the terminal, as an
// SVG, and as a trace that Perfetto (https://ui.perfetto.dev) opens. Each of them
// marks the critical path of start-up and of shutdown, which is what to speed up.
//
//	var rec timeline.Recorder
//	err := exitpool.WithPool(ctx, body, exitpool.Observe(rec.Observe))
//	rec.WriteText(os.Stderr, 80)
//
// # Start-up and shutdown
//
// Start-up is from the beginning of the first acquisition to the end of the last,
// whether that succeeded or not. What is acquired inside a member when that is held
// already, such as the connections of a server, does not count. A scope that goes on
// acquiring outside any member has a start-up that long: give such a pool an
// observer of its own.
//
// Shutdown is from the beginning of the first release to the end of the last, of
// those that began when the last acquisition of start-up had. A release inside a
// member counts with the release of that member, and not if it came earlier, as that
// of the loser of a Race does.
//
// # The critical path
//
// It is found from the end, as a chain of steps that fill the time without a gap and
// without an overlap. What ended last had these to wait for:
//
//   - An acquisition that got others in Get (Event.Uses) is taken to have waited for
//     each that was acquired after it had begun. An event does not tell which of the
//     members inside another one got something: it counts for all of them.
//   - A member waited for the acquisitions, and in releasing for the releases, inside
//     it (Event.Parent).
//   - A release began after those of its users.
//   - Otherwise it began when the one inside the same member ended that was the last
//     to end before: the one before it on a stack, or that for which it waited in the
//     queue of a Limit.
//
// The step before is that of these which ended last, and so on. A step is time that
// a member took itself, after what it waited for. Where nothing on the path was in
// progress there is a step without a name, a gap: the body did something else, or a
// task of the scope itself was waited for.
//
// From the same rules follows how long it would have taken if one member had needed
// no time of its own, with everything else as it was: that is a [Hint].
//
// # Bad input
//
// Names may be equal: members are told apart by their ID. In what is written for
// people, characters that do not print are replaced, and long names cut. A text shows
// at most 40 rows and a picture at most 120: what failed or has not ended, the
// critical path and what takes long come first, and the rest is one row. A trace is
// complete.
package timeline
