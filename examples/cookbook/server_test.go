package cookbook_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/exitpool/exitpool"
	"github.com/exitpool/exitpool/examples/cookbook"
)

func ExampleServer() {
	begun := make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		time.Sleep(10 * time.Millisecond) // the shutdown comes meanwhile
		fmt.Fprint(w, "served to the end")
	})
	answer := make(chan string)
	err := exitpool.Use(context.Background(), cookbook.Server("127.0.0.1:0", slow),
		func(ctx context.Context, srv *http.Server) error {
			go func() {
				resp, err := http.Get("http://" + srv.Addr)
				if err != nil {
					answer <- err.Error()
					return
				}
				defer resp.Body.Close()
				body, _ := io.ReadAll(resp.Body)
				http.DefaultClient.CloseIdleConnections()
				answer <- string(body)
			}()
			<-begun
			return nil
		}, exitpool.Grace(10*time.Second))
	fmt.Println(<-answer)
	fmt.Println("error:", err)
	// Output:
	// served to the end
	// error: <nil>
}
