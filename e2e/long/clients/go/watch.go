package main

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// watchAll follows a watch to its end and goes on with the next server where it was: it never lists again.
func watchAll(ctx context.Context, namespace string, servers []*server) {
	options := metav1.ListOptions{LabelSelector: selector}
	list, err := servers[0].dynamic.Resource(configMaps).Namespace(namespace).List(ctx, options)
	if err != nil || len(list.Items) > 0 {
		panic(fmt.Sprint("the namespace is not as it should be: ", err))
	}
	options.ResourceVersion = list.GetResourceVersion()
	options.AllowWatchBookmarks = true
	tell(line{Kind: "ready", Who: "go-watcher"})
	for try := 0; ctx.Err() == nil; try++ {
		w, err := servers[try%len(servers)].dynamic.Resource(configMaps).Namespace(namespace).Watch(ctx, options)
		if err != nil {
			tell(line{Kind: "again", Who: "go-watcher", Text: err.Error()})
			pause(ctx, 300*time.Millisecond)
			continue
		}
		for event := range w.ResultChan() {
			object, ok := event.Object.(*unstructured.Unstructured)
			if event.Type == watch.Error || !ok {
				tell(line{Kind: "again", Who: "go-watcher", Text: fmt.Sprint(event.Object)})
				break
			}
			options.ResourceVersion = object.GetResourceVersion()
			if event.Type != watch.Bookmark {
				seq, _, _ := unstructured.NestedString(object.Object, "data", "seq")
				change("saw", "go-watcher", string(event.Type), object, seq, object.GetResourceVersion())
			}
		}
		w.Stop()
	}
}

// inform tells what an informer of each server tells its handlers.
func inform(ctx context.Context, namespace string, servers []*server) {
	for i, s := range servers {
		who := fmt.Sprintf("go-informer-%d", i)
		factory := informers.NewSharedInformerFactoryWithOptions(s.typed, 0, informers.WithNamespace(namespace),
			informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = selector }))
		informer := factory.Core().V1().ConfigMaps().Informer()
		told := func(event string, object any) {
			if last, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = last.Obj
			}
			cm := object.(*corev1.ConfigMap)
			change("informed", who, event, cm, seqOf(cm), cm.ResourceVersion)
		}
		if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
			AddFunc: func(o any) { told("ADDED", o) },
			UpdateFunc: func(before, o any) {
				if before.(*corev1.ConfigMap).ResourceVersion != o.(*corev1.ConfigMap).ResourceVersion {
					told("MODIFIED", o) // a new list tells of what did not change, too
				}
			},
			DeleteFunc: func(o any) { told("DELETED", o) },
		}); err != nil {
			panic(err)
		}
		factory.Start(ctx.Done())
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
			fmt.Fprintln(os.Stderr, who, "never had its first list")
			os.Exit(1)
		}
		tell(line{Kind: "ready", Who: who})
	}
	<-ctx.Done()
}
