package depend_test

import (
	"math/rand/v2"
	"testing"

	"github.com/exitpool/exitpool/internal/depend"
	"github.com/stretchr/testify/assert"
)

type vertex struct{ node depend.Node[*vertex] }

func (v *vertex) Depend() *depend.Node[*vertex] { return &v.node }

func vertices(n int) []*vertex {
	vs := make([]*vertex, n)
	for i := range vs {
		vs[i] = &vertex{}
		vs[i].node.Order = uint32(i)
	}
	return vs
}

func TestACircleIsFoundHoweverItIsClosed(t *testing.T) {
	var g depend.Graph[*vertex]
	v := vertices(4)
	assert.Nil(t, depend.Use(&g, v[1], v[0]))
	assert.Nil(t, depend.Use(&g, v[2], v[1]))
	assert.Nil(t, depend.Use(&g, v[2], v[1]), "a second time changes nothing")
	assert.Nil(t, depend.Use(&g, v[0], v[3]))
	assert.Equal(t, []*vertex{v[3], v[2], v[1], v[0], v[3]}, depend.Use(&g, v[3], v[2]))
	assert.Equal(t, []*vertex{v[3], v[3]}, depend.Use(&g, v[3], v[3]))
	assert.Equal(t, []*vertex{v[1]}, v[2].node.Uses())
}

func TestDroppingFreesWhatNobodyUsesAnyMore(t *testing.T) {
	var g depend.Graph[*vertex]
	v := vertices(3)
	depend.Use(&g, v[1], v[0])
	depend.Use(&g, v[2], v[0])
	assert.False(t, v[0].node.Free())
	var freed []*vertex
	free := func(v *vertex) { freed = append(freed, v) }
	depend.Drop(v[1], free)
	assert.Empty(t, freed)
	depend.Drop(v[2], free)
	depend.Drop(v[2], free)
	assert.Equal(t, []*vertex{v[0]}, freed)
	assert.True(t, v[0].node.Free())
}

// The answer is compared with that of a search over all edges.
func TestRandomGraphsHaveNoCircle(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		n := 2 + r.IntN(30)
		var g depend.Graph[*vertex]
		v := vertices(n)
		edges := map[*vertex]map[*vertex]bool{}
		var reaches func(from, to *vertex, seen map[*vertex]bool) bool
		reaches = func(from, to *vertex, seen map[*vertex]bool) bool {
			if from == to {
				return true
			}
			if seen[from] {
				return false
			}
			seen[from] = true
			for next := range edges[from] {
				if reaches(next, to, seen) {
					return true
				}
			}
			return false
		}
		for range 5 * n {
			from, to := v[r.IntN(n)], v[r.IntN(n)]
			circle := depend.Use(&g, from, to)
			closes := reaches(to, from, map[*vertex]bool{})
			assert.Equal(t, closes, circle != nil)
			if !closes {
				if edges[from] == nil {
					edges[from] = map[*vertex]bool{}
				}
				edges[from][to] = true
			}
		}
	}
}
