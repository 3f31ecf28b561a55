package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/exitpool/exitpool"
)

// quiesce is for how many milliseconds Disconnect waits until its last packet is on
// its way.
const quiesce = 1000

// OpenMQTT returns the Resource of a connection to an MQTT broker, such as
// Mosquitto. client must be unique: a broker closes the connection of a client when
// another one with the same identifier comes.
//
// paho tells by a callback when the connection is lost, and that forces the scope to
// exit. It does not call it because of Disconnect.
func OpenMQTT(broker, client string) exitpool.Resource[mqtt.Client] {
	return func(ctx context.Context, s *exitpool.ExitStack) (mqtt.Client, error) {
		c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker(broker).SetClientID(client).
			// A connection that comes back by itself would be none to lose.
			SetAutoReconnect(false).
			// paho takes no context: see lifeline.
			SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) {
				return lifeline{ctx}.Dial("tcp", u.Host)
			}).
			SetConnectionLostHandler(func(_ mqtt.Client, err error) {
				if ctx.Err() == nil { // else its lifeline is cut, and who did that tells why
					s.Cancel(fmt.Errorf("mqtt: connection lost: %w", err))
				}
			}))
		token := c.Connect()
		<-token.Done()
		if err := token.Error(); err != nil {
			return nil, whyNot(ctx, err)
		}
		s.Defer(func(context.Context) error {
			c.Disconnect(quiesce)
			return nil
		})
		return c, nil
	}
}
