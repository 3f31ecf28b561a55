module github.com/exitpool/exitpool/internal/proptest

go 1.26.0

replace github.com/exitpool/exitpool => ../../

require (
	github.com/exitpool/exitpool v0.0.0
	github.com/stretchr/testify v1.12.1
	pgregory.net/rapid v1.3.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.25.0 // indirect
)
