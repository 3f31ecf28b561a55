//go:build !race

package exitpool_test

const raceDetector = false
