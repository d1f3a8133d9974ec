// Keeps the network policies of a rehearsed machine's pods, as Kubernetes SIG Network's reference implementation does.
//
// That project's own program runs in a pod; here its controller runs beside the kubelet, by the kubelet's identity.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

// To which the machine's unit sends the first packet of each connection.
const queue = 98

func main() {
	kubeconfig := flag.String("kubeconfig", "/var/lib/kubelet/kubeconfig", "whom to speak to the API as")
	node := flag.String("node", "", "name of the node whose pods are guarded")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM)
	defer stop()
	if err := guard(ctx, *kubeconfig, *node); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func guard(ctx context.Context, kubeconfig, node string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	known := informers.NewSharedInformerFactory(client, 0)
	controller, err := networkpolicy.NewController(
		client,
		known.Networking().V1().NetworkPolicies(),
		known.Core().V1().Namespaces(),
		known.Core().V1().Pods(),
		nil, nil, nil, nil,
		networkpolicy.Config{NodeName: node, QueueID: queue},
	)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- controller.Run(ctx) }()
	known.Start(ctx.Done())
	err = <-ended
	// Its rules are taken away behind it, in a goroutine of its own.
	time.Sleep(time.Second)
	return err
}
