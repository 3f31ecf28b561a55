// Package proptest tests exitpool by random programs: a model-based test.
//
// A program is a random tree of scopes, resources, registrations, dependencies,
// latencies, options and faults (program.go, generate.go). It is run on exitpool by an
// interpreter that logs what happens (run.go, steps.go), and an oracle reads the log
// (oracle.go). The oracle knows the program and the contract, not the library: what
// must have happened is computed, never recorded. A clean program, without faults,
// bounds or early ends, must take exactly its critical path (critical.go).
//
//	go test -run TestPrograms .                    # 1000 programs in virtual time
//	go test -run TestPrograms -programs 10000 .    # some seconds
//	go test -race -run TestRealTime .              # the same programs on the real scheduler
//	go test -run TestSeeds .                       # programs that found something
//	go test -run TestTheOracleCanFail .            # the oracle, on logs that were tampered with
//	go test -fuzz FuzzPrograms -fuzzminimizetime 1x .  # Go's fuzzer chooses the program
//
// A program is a function of its seed. A failure prints both; then
//
//	PROPTEST_SEED=n go test -run TestPrograms .
//
// runs that program alone, several times if it passes (two things at one instant may
// come in any order), prints it with its log, and has rapid shrink it. That works
// because Programs.Example(n) and rapid.Check with -rapid.seed=n draw from the same
// stream; with -rapid.shrinktime it takes longer and gets smaller. What a seed means
// changes when the generator does.
//
// What is ambiguous in the contract is not generated: a member of an older pool on a
// stack that gets one of a newer pool there, Abandon(0). What two errors are beside a
// panic is not looked at.
package proptest
