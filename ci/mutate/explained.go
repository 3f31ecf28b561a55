package main

// explained says of mutants that live why they may.
var explained = map[string]string{}
