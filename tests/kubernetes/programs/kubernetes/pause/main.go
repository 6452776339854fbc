// Command pause holds the namespaces of a pod, or of a node, and buries what dies in them.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// Children of which nobody wants to know the end leave no trace of it.
	signal.Ignore(syscall.SIGCHLD)
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGINT, syscall.SIGTERM)
	<-end
	os.Exit(0)
}
