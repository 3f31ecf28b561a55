package cookbook

import "context"

// Closer stands for a connection of somebody else's package.
type Closer struct {
	Name    string
	OnClose func(name string) error
}

// Close fails as OnClose does, or if ctx has ended.
func (c *Closer) Close(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return c.OnClose(c.Name)
}
