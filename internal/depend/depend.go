// Package depend keeps who uses whom among the members of one pool: the edges,
// the search for circles, and who is free to be released. It does no locking:
// a graph and its nodes are guarded by one lock of their owner.
package depend

import "slices"

// Vertex is a member: something that has a Node. V is the member's own type.
type Vertex[V comparable] interface {
	comparable
	Depend() *Node[V]
}

// Node is the place of a member in the graph.
type Node[V comparable] struct {
	Order uint32    // ascending in the order in which the members were added
	users int32     // edges that end here
	edges *edges[V] // that begin here; nil: none
}

type edges[V comparable] struct {
	uses  []V
	known map[V]struct{} // the same, once there are many
	epoch uint64         // of the last search that came by
}

// Graph is what the nodes of one pool share.
type Graph[V comparable] struct {
	forward bool   // some edge goes from an older member to a newer one
	epoch   uint64 // of the last search
}

// many is the number of edges from which on a map is cheaper than a search.
const many = 16

// Use records that user uses used, unless that would close a circle: then it
// returns the members along it, from user over used back to user.
func Use[V Vertex[V]](g *Graph[V], user, used V) (circle []V) {
	if user == used {
		return []V{user, user}
	}
	from, to := user.Depend(), used.Depend()
	if from.has(used) {
		return nil
	}
	if circle := search(g, user, used); circle != nil {
		return circle
	}
	from.add(used)
	to.users++
	g.forward = g.forward || from.Order < to.Order
	return nil
}

// Free reports whether nobody uses the member.
func (n *Node[V]) Free() bool { return n.users == 0 }

// Uses returns the members that this one uses, in the order in which it came to
// use them. The caller must not change it.
func (n *Node[V]) Uses() []V {
	if n.edges == nil {
		return nil
	}
	return n.edges.uses
}

// Drop removes the edges of a member that is gone, and calls freed for each
// member that nobody uses any more.
func Drop[V Vertex[V]](user V, freed func(V)) {
	n := user.Depend()
	if n.edges == nil {
		return
	}
	for _, used := range n.edges.uses {
		to := used.Depend()
		if to.users--; to.users == 0 {
			freed(used)
		}
	}
	n.edges = nil
}

// search looks for a way from used to user. There is none to find as long as
// every edge points back in the order of the members, or when nobody uses user,
// or when used uses nobody: so a chain costs no search, in whichever direction.
func search[V Vertex[V]](g *Graph[V], user, used V) []V {
	from, to := user.Depend(), used.Depend()
	if from.users == 0 || to.edges == nil || !g.forward && from.Order > to.Order {
		return nil
	}
	g.epoch++
	path := []V{used}   // the way to the member being looked at
	next := []int{0}    // for each of path, the edge to follow next
	for len(path) > 0 { // a loop: a chain may be a million long
		top := len(path) - 1
		e := path[top].Depend().edges
		if next[top] == len(e.uses) {
			path, next = path[:top], next[:top]
			continue
		}
		v := e.uses[next[top]]
		next[top]++
		if v == user {
			return append(append([]V{user}, path...), user)
		}
		if e := v.Depend().edges; e != nil && e.epoch != g.epoch {
			e.epoch = g.epoch
			path, next = append(path, v), append(next, 0)
		}
	}
	return nil
}

func (n *Node[V]) has(used V) bool {
	switch e := n.edges; {
	case e == nil:
		return false
	case e.known != nil:
		_, ok := e.known[used]
		return ok
	default:
		return slices.Contains(e.uses, used)
	}
}

func (n *Node[V]) add(used V) {
	if n.edges == nil {
		n.edges = new(edges[V])
	}
	e := n.edges
	e.uses = append(e.uses, used)
	if len(e.uses) == many {
		e.known = make(map[V]struct{}, 2*many)
		for _, v := range e.uses {
			e.known[v] = struct{}{}
		}
	} else if e.known != nil {
		e.known[used] = struct{}{}
	}
}
