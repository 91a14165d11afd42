// Churn with client-go: `churn MODE NAMESPACE KUBECONFIG...` writes or watches through the API servers of the kubeconfigs
// until its standard input ends, and tells what it did and saw as lines of JSON.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const selector = "churn=yes"

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// server is one API server, as the clients of it.
type server struct {
	config  *rest.Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface
}

// line is what is told: a change, or something else by its kind.
type line struct {
	Kind string  `json:"kind"`
	Who  string  `json:"who"`
	Type string  `json:"type,omitempty"`
	Name string  `json:"name,omitempty"`
	UID  string  `json:"uid,omitempty"`
	Seq  int     `json:"seq"`
	RV   uint64  `json:"rv"`
	At   float64 `json:"at"`
	Text string  `json:"text,omitempty"`
}

var (
	start = time.Now()
	out   = json.NewEncoder(os.Stdout)
	lock  sync.Mutex
)

func tell(l line) {
	lock.Lock()
	defer lock.Unlock()
	l.At = time.Since(start).Seconds()
	if err := out.Encode(l); err != nil {
		panic(err)
	}
}

// change tells of an object: revision 0 is one that nobody knows.
func change(kind, who, event string, object metav1.Object, seq string, revision string) {
	n, _ := strconv.Atoi(seq)
	rv, _ := strconv.ParseUint(revision, 10, 64)
	tell(line{Kind: kind, Who: who, Type: event, Name: object.GetName(), UID: string(object.GetUID()), Seq: n, RV: rv})
}

func seqOf(cm *corev1.ConfigMap) string { return cm.Data["seq"] }

func connect(path string) *server {
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		panic(err)
	}
	config.QPS, config.Burst = 200, 200
	config.UserAgent = "churn-go"
	return &server{config, kubernetes.NewForConfigOrDie(config), dynamic.NewForConfigOrDie(config)}
}

// pause waits, unless all is over.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func main() {
	mode, namespace := os.Args[1], os.Args[2]
	var servers []*server
	for _, path := range os.Args[3:] {
		servers = append(servers, connect(path))
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		}
		cancel()
	}()
	modes := map[string]func(context.Context, string, []*server){
		"write": write, "watch": watchAll, "inform": inform, "lead": lead, "use": use,
	}
	run, known := modes[mode]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown mode", mode)
		os.Exit(2)
	}
	run(ctx, namespace, servers)
}
