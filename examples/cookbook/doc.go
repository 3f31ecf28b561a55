// Package cookbook has the recipes of docs/cookbook.md: each file is one, and its
// example, in the test file beside it, shows what it does.
package cookbook
