module github.com/exitpool/exitpool/examples/relay

go 1.26.0

require (
	github.com/coder/websocket v1.8.15
	github.com/exitpool/exitpool v0.0.0
	github.com/stretchr/testify v1.12.1
	go.uber.org/goleak v1.3.0
)

require (
	go.yaml.in/yaml/v3 v3.0.5 // indirect
	golang.org/x/sync v0.25.0 // indirect
)

replace github.com/exitpool/exitpool => ../..
