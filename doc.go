// Package exitpool acquires and releases resources together: it starts several
// virtual machines, connections or fixtures at once, and whatever happens, it
// releases every one that came up.
//
// There are two types and one function shape.
//
//   - [ExitStack] is ordered: releases run one after another, newest first.
//   - [ExitPool] is unordered: members are acquired concurrently and released
//     concurrently, except that a member that used another is released before it.
//   - [Resource] is a plain function that acquires a value and registers on an
//     ExitStack how to release it.
//
// They compose. Every member of a pool is a stack, and a stack can hold pools.
// [Gather], [Race] and [Quorum] make one Resource of several.
//
// # Scopes
//
// A stack or a pool is a scope. It has a body: the function given to [WithStack],
// [WithPool] or [Use], or the function that defers Unwind. When the body has
// returned, the scope exits: it releases everything and returns one error.
//
// A scope is forced to exit when a member cannot be acquired, when a task of
// [ExitStack.Go] fails, or by Cancel. Then the body's context is cancelled with the
// cause; but nothing is released before the body has returned.
//
// # Contexts
//
// The context of an acquisition is the lifetime of the resource. The context of a
// release is not cancelled by the caller; [Grace] bounds it. The context of a task
// is cancelled at the task's place in the order of release.
//
// # Errors
//
// The error of a scope is that of the body or the cause of the forced exit, as it
// is, together with what failed besides: see [ExitError]. Cancellations that the
// library caused are not reported. Panics and runtime.Goexit are passed on after
// everything is released.
package exitpool
