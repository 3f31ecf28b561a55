package services

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/fx"
	"golang.org/x/sync/errgroup"

	"github.com/exitpool/exitpool"
)

// Way starts a service, calls body when all is up, and stops it.
type Way struct {
	Name  string
	About string
	Run   func(ctx context.Context, g Graph, body func()) error
}

// Ways lists them, the slowest first.
func Ways() []Way {
	return []Way{
		{"sequential", "an fx.Lifecycle: hooks one after another", sequential},
		{"two-phase", "errgroup, level by level: all components of one depth start together, and the next depth when all of them are up; in reverse to stop", twoPhase},
		{"by-hand", "errgroup with two channels for each component: it waits for what it uses, and to stop for its users", byHand},
		{"exitpool", "Start for each, Get for what it uses", pool},
	}
}

func sequential(ctx context.Context, g Graph, body func()) error {
	app := fx.New(fx.NopLogger, fx.Invoke(func(lc fx.Lifecycle) {
		for _, c := range g {
			lc.Append(fx.Hook{OnStart: c.open, OnStop: c.close})
		}
	}))
	if err := app.Start(ctx); err != nil {
		return err
	}
	body()
	return app.Stop(ctx)
}

func twoPhase(ctx context.Context, g Graph, body func()) error {
	levels := g.levels()
	var err error
	started := 0
	for _, level := range levels {
		group, ctx := errgroup.WithContext(ctx)
		for _, c := range level {
			group.Go(func() error { return c.open(ctx) })
		}
		if err = group.Wait(); err != nil {
			break // what of this level came up is lost: to keep it would take more
		}
		started++
	}
	if err == nil {
		body()
	}
	for _, level := range slices.Backward(levels[:started]) {
		var group errgroup.Group
		for _, c := range level {
			group.Go(func() error { return c.close(context.WithoutCancel(ctx)) })
		}
		err = errors.Join(err, group.Wait())
	}
	return err
}

func byHand(ctx context.Context, g Graph, body func()) error {
	up, down := make([]chan struct{}, len(g)), make([]chan struct{}, len(g))
	users := make([][]int, len(g))
	isUp := make([]bool, len(g))
	for i, c := range g {
		up[i], down[i] = make(chan struct{}), make(chan struct{})
		for _, j := range c.Uses {
			users[j] = append(users[j], i)
		}
	}
	start, startCtx := errgroup.WithContext(ctx)
	for i, c := range g {
		start.Go(func() error {
			for _, j := range c.Uses {
				select {
				case <-up[j]:
				case <-startCtx.Done():
					return startCtx.Err()
				}
			}
			if err := c.open(startCtx); err != nil {
				return err
			}
			isUp[i] = true
			close(up[i])
			return nil
		})
	}
	err := start.Wait()
	if err == nil {
		body()
	}
	errs := make([]error, len(g))
	var stop errgroup.Group
	for i, c := range g {
		stop.Go(func() error {
			defer close(down[i])
			for _, k := range users[i] {
				<-down[k]
			}
			if isUp[i] {
				errs[i] = c.close(context.WithoutCancel(ctx))
			}
			return nil
		})
	}
	_ = stop.Wait() // the errors are in errs
	return errors.Join(append(errs, err)...)
}

func pool(ctx context.Context, g Graph, body func()) error {
	return exitpool.WithPool(ctx, func(ctx context.Context, p *exitpool.ExitPool) error {
		es := make([]*exitpool.Entry[string], len(g))
		for i, c := range g {
			es[i] = exitpool.Start(p, func(ctx context.Context, s *exitpool.ExitStack) (string, error) {
				for _, j := range c.Uses {
					if _, err := es[j].Get(ctx); err != nil {
						return "", err
					}
				}
				if err := c.open(ctx); err != nil {
					return "", err
				}
				s.Defer(c.close)
				return c.Name, nil
			}, exitpool.Name(c.Name))
		}
		if err := p.Wait(ctx); err != nil {
			return err
		}
		body()
		return nil
	})
}
