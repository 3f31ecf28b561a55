package timeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// WriteTrace writes the record in the Trace Event Format of Chrome, as JSON, which
// https://ui.perfetto.dev and chrome://tracing open. Each member, and each task, has a
// track with its operations; the first track is the critical path. Arrows lead from
// the acquisition of a used member to that of its user, and back from release to
// release. The arguments of a slice hold the ID, the parent and the error.
//
// Times are microseconds since the first event. What has not ended has a beginning
// only, which is shown up to the end of the trace. The trace is complete, however many
// members there are, and written at once. The error is that of w, wrapped.
func (r *Recorder) WriteTrace(w io.Writer) error {
	c := r.chart(math.MaxInt)
	t := trace{chart: c, tracks: map[*bar]int{}}
	t.write()
	return flush("trace", w, &t.Buffer)
}

// A traceEvent has the names of the format. See "Trace Event Format", Google, 2016.
type traceEvent struct {
	Phase    string         `json:"ph"`
	Category string         `json:"cat,omitempty"`
	Name     string         `json:"name"`
	Process  int            `json:"pid"`
	Track    int            `json:"tid"`
	Time     micros         `json:"ts"`
	Duration *micros        `json:"dur,omitempty"`
	ID       int            `json:"id,omitempty"` // of an arrow
	Bind     string         `json:"bp,omitempty"`
	Scope    string         `json:"s,omitempty"` // of an instant
	Args     map[string]any `json:"args,omitempty"`
}

// micros prints a duration in microseconds, exactly.
type micros time.Duration

func (m micros) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%d.%03d", m/1000, m%1000), nil
}

const (
	traceProcess = 1
	pathTrack    = 1
	notesTrack   = 2
	firstTrack   = 3
)

type trace struct {
	bytes.Buffer
	*chart
	events int
	arrows int
	tracks map[*bar]int
}

func (t *trace) add(ev traceEvent) {
	sep := ",\n"
	if t.events == 0 {
		sep = "\n"
	}
	t.events++
	ev.Process = traceProcess
	data, err := json.Marshal(ev)
	if err != nil {
		panic(fmt.Sprintf("timeline: %v", err)) // it holds strings and numbers only
	}
	t.WriteString(sep)
	t.Write(data)
}

func (t *trace) write() {
	t.WriteString(`{"displayTimeUnit":"ms","traceEvents":[`)
	if len(t.bars) > 0 {
		t.named("process_name", 0, "exitpool")
		t.path()
		t.members()
		t.uses()
		t.late()
	}
	t.WriteString("\n]}\n")
}

// named gives a track its name and its place.
func (t *trace) named(what string, track int, name string) {
	t.add(traceEvent{Phase: "M", Name: what, Track: track, Args: map[string]any{"name": name}})
	if track > 0 {
		t.add(traceEvent{Phase: "M", Name: "thread_sort_index", Track: track, Args: map[string]any{"sort_index": track}})
	}
}

func (t *trace) path() {
	t.named("thread_name", pathTrack, "critical path")
	for _, p := range t.phases {
		for _, s := range p.path.Steps {
			name := s.Name
			if s.ID == 0 {
				name = "gap"
			}
			took := micros(s.Elapsed)
			t.add(traceEvent{Phase: "X", Category: p.name, Name: name, Track: pathTrack,
				Time: micros(s.Start.Sub(t.origin)), Duration: &took, Args: map[string]any{"id": s.ID}})
		}
	}
}

// members writes the operations: those of a row on one track, and each task of a
// member on one of its own, because it overlaps with them.
func (t *trace) members() {
	track := firstTrack
	for _, r := range t.rows {
		t.named("thread_name", track, r.name)
		for _, b := range []*bar{r.up, r.down} {
			if b != nil {
				t.slice(b, track)
			}
		}
		if r.up != nil || r.down != nil {
			track++
		}
		for _, b := range r.tasks {
			if r.up != nil || r.down != nil {
				t.named("thread_name", track, "run "+b.name)
			}
			t.slice(b, track)
			track++
		}
	}
}

func (t *trace) slice(b *bar, track int) {
	t.tracks[b] = track
	args := map[string]any{"id": b.id}
	if b.parent != 0 {
		args["parent"] = b.parent
	}
	if b.err != nil {
		args["error"] = reason(b.name, b.err)
	}
	if len(t.critical[b]) > 0 {
		args["critical"] = true
	}
	ev := traceEvent{Phase: "B", Category: string(b.op), Name: string(b.op) + " " + b.name, Track: track,
		Time: micros(b.began.at), Args: args}
	if !b.open {
		took := micros(b.took())
		ev.Phase, ev.Duration = "X", &took
	}
	t.add(ev)
}

// uses writes the arrows.
func (t *trace) uses() {
	for _, user := range t.bars {
		for _, id := range user.uses { // only an acquisition has some
			used := t.acquired[id]
			if used != nil && !used.open {
				t.arrow(used, user, max(used.over.at, user.began.at))
			}
			first, then := t.released[user.id], t.released[id]
			if first != nil && then != nil && !first.open {
				t.arrow(first, then, then.began.at)
			}
		}
	}
}

// arrow leads from the end of a slice, where it must be inside, to a time in another.
func (t *trace) arrow(from, to *bar, at time.Duration) {
	t.arrows++
	ev := traceEvent{Phase: "s", Category: "uses", Name: "uses", ID: t.arrows, Track: t.tracks[from],
		Time: micros(max(from.began.at, from.over.at-1))}
	t.add(ev)
	ev.Phase, ev.Bind, ev.Track, ev.Time = "f", "e", t.tracks[to], micros(at)
	t.add(ev)
}

// late writes what has no duration.
func (t *trace) late() {
	if len(t.notes) == 0 {
		return
	}
	t.named("thread_name", notesTrack, "late")
	for _, n := range t.notes {
		ev := traceEvent{Phase: "i", Category: string(n.op), Name: string(n.op) + " " + n.name, Scope: "t",
			Track: notesTrack, Time: micros(n.at)}
		if n.err != nil {
			ev.Args = map[string]any{"error": reason(n.name, n.err)}
		}
		t.add(ev)
	}
}
