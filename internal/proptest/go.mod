module github.com/exitpool/exitpool/internal/proptest

go 1.26.0

replace github.com/exitpool/exitpool => ../../

require (
	github.com/exitpool/exitpool v0.0.0
	pgregory.net/rapid v1.3.0
)

require golang.org/x/sync v0.25.0 // indirect
