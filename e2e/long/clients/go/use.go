package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/remotecommand"
)

// lead lets one candidate a server run for the same Lease; who leads steps down after a while, so that terms change.
func lead(ctx context.Context, namespace string, servers []*server) {
	var all sync.WaitGroup
	for i, s := range servers {
		all.Add(1)
		go func() {
			defer all.Done()
			for who := fmt.Sprintf("candidate-%d", i); ctx.Err() == nil; {
				term, end := context.WithCancel(ctx)
				leaderelection.RunOrDie(term, leaderelection.LeaderElectionConfig{
					Lock: &resourcelock.LeaseLock{
						LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "churn"},
						Client:     s.typed.CoordinationV1(),
						LockConfig: resourcelock.ResourceLockConfig{Identity: who},
					},
					LeaseDuration: 8 * time.Second, RenewDeadline: 5 * time.Second, RetryPeriod: time.Second,
					ReleaseOnCancel: true,
					Callbacks: leaderelection.LeaderCallbacks{
						OnStartedLeading: func(c context.Context) {
							tell(line{Kind: "leads", Who: who})
							pause(c, 15*time.Second)
							if c.Err() == nil {
								tell(line{Kind: "rests", Who: who}) // before the Lease is given back
							}
							end()
						},
						OnStoppedLeading: func() { tell(line{Kind: "stopped", Who: who}) },
					},
				})
				end()
				pause(ctx, 2*time.Second)
			}
		}()
	}
	all.Wait()
}

// use runs a command in a Pod and looks at discovery, over and over; a server that is away is asked again later.
func use(ctx context.Context, namespace string, servers []*server) {
	for n := 0; ctx.Err() == nil; n++ {
		s := servers[n%len(servers)]
		c, cancel := context.WithTimeout(ctx, 10*time.Second)
		used("exec", execute(c, s, namespace, fmt.Sprintf("word-%d", n)))
		used("discovery", discover(s))
		cancel()
		pause(ctx, 2*time.Second)
	}
}

func used(what string, err error) {
	if err != nil {
		tell(line{Kind: "failed", Who: what, Text: err.Error()})
	} else {
		tell(line{Kind: "used", Who: what})
	}
}

func execute(ctx context.Context, s *server, namespace, word string) error {
	request := s.typed.CoreV1().RESTClient().Post().Namespace(namespace).Resource("pods").Name("churn").SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: []string{"echo", word}, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(s.config, "GET", request.URL().String())
	if err != nil {
		return err
	}
	var stdout, stderr bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &stdout, Stderr: &stderr}); err != nil {
		return err
	}
	if stdout.String() != word+"\n" {
		fmt.Fprintf(os.Stderr, "exec answered %q, not %q\n", stdout.String(), word)
		os.Exit(1)
	}
	return nil
}

func discover(s *server) error {
	_, lists, err := s.typed.Discovery().ServerGroupsAndResources()
	if err != nil {
		return err
	}
	for _, list := range lists {
		for _, resource := range list.APIResources {
			if list.GroupVersion == "apps/v1" && resource.Name == "deployments" && resource.Kind == "Deployment" {
				return nil
			}
		}
	}
	fmt.Fprintln(os.Stderr, "discovery answered without Deployments")
	os.Exit(1)
	return nil
}
