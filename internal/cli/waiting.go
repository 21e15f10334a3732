package cli

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// quiet is how long a run may work before it says what it is at.
const quiet = 2 * time.Second

// progress tells a waiting person what a run is doing. It says nothing of what
// is over quickly; where nobody looks, it goes to the log.
type progress struct {
	app   *app
	log   *slog.Logger
	mu    sync.Mutex
	at    string
	loud  bool
	timer *time.Timer
}

// progress starts; call stop when the run is over.
func (a *app) progress(log *slog.Logger) *progress {
	p := &progress{app: a, log: log}
	if isTerminal(a.stderr) {
		p.timer = time.AfterFunc(quiet, p.speakUp)
	}
	return p
}

func (p *progress) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = what
	switch {
	case p.timer == nil:
		p.log.Info(what)
	case p.loud:
		p.print()
	}
}

func (p *progress) speakUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loud = true
	if p.at != "" {
		p.print()
	}
}

func (p *progress) print() { _, _ = fmt.Fprintf(p.app.stderr, "… %s\n", p.at) }

func (p *progress) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
