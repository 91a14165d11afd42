package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	applyv1 "k8s.io/client-go/applyconfigurations/core/v1"
)

// write makes one object after the other, changes it in every way there is, and deletes it. It alone writes them, so what
// it asks for again after an answer was lost is what it asked for before.
func write(ctx context.Context, namespace string, servers []*server) {
	for n := 0; ctx.Err() == nil; n++ {
		name := fmt.Sprintf("go-%d", n)
		who := "go-writer"
		cm := settle(ctx, servers, namespace, name, 1, func(c context.Context, s *server, _ *corev1.ConfigMap) (*corev1.ConfigMap, error) {
			return s.typed.CoreV1().ConfigMaps(namespace).Create(c, &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"churn": "yes"}},
				Data:       map[string]string{"seq": "1"},
			}, metav1.CreateOptions{})
		})
		change("wrote", who, "ADDED", cm, "1", cm.ResourceVersion)
		seq := 1
		for ; seq < 9; seq++ {
			how := ways[seq%len(ways)]
			next := strconv.Itoa(seq + 1)
			before := cm
			cm = settle(ctx, servers, namespace, name, seq+1, func(c context.Context, s *server, now *corev1.ConfigMap) (*corev1.ConfigMap, error) {
				if now == nil {
					now = before
				}
				return how(c, s, now.DeepCopy(), next)
			})
			change("wrote", who, "MODIFIED", cm, next, cm.ResourceVersion)
			pause(ctx, 20*time.Millisecond)
		}
		if n%4 == 3 {
			continue // stays
		}
		remove(servers, namespace, cm)
		change("wrote", who, "DELETED", cm, strconv.Itoa(seq), "0")
	}
}

type way func(context.Context, *server, *corev1.ConfigMap, string) (*corev1.ConfigMap, error)

var ways = []way{
	func(c context.Context, s *server, cm *corev1.ConfigMap, seq string) (*corev1.ConfigMap, error) { // update
		cm.Data["seq"] = seq
		return s.typed.CoreV1().ConfigMaps(cm.Namespace).Update(c, cm, metav1.UpdateOptions{})
	},
	func(c context.Context, s *server, cm *corev1.ConfigMap, seq string) (*corev1.ConfigMap, error) { // apply
		wanted := applyv1.ConfigMap(cm.Name, cm.Namespace).WithData(map[string]string{"seq": seq})
		return s.typed.CoreV1().ConfigMaps(cm.Namespace).Apply(c, wanted, metav1.ApplyOptions{FieldManager: "churn", Force: true})
	},
	patch(types.MergePatchType, `{"data":{"seq":%q}}`),
	patch(types.StrategicMergePatchType, `{"data":{"seq":%q}}`),
	patch(types.JSONPatchType, `[{"op":"replace","path":"/data/seq","value":%q}]`),
	func(c context.Context, s *server, cm *corev1.ConfigMap, seq string) (*corev1.ConfigMap, error) { // without types
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(cm)
		if err != nil {
			return nil, err
		}
		object := &unstructured.Unstructured{Object: fields}
		object.SetAPIVersion("v1")
		object.SetKind("ConfigMap")
		if err := unstructured.SetNestedField(object.Object, seq, "data", "seq"); err != nil {
			return nil, err
		}
		got, err := s.dynamic.Resource(configMaps).Namespace(cm.Namespace).Update(c, object, metav1.UpdateOptions{})
		if err != nil {
			return nil, err
		}
		data, err := json.Marshal(got)
		if err != nil {
			return nil, err
		}
		result := &corev1.ConfigMap{}
		return result, json.Unmarshal(data, result)
	},
}

func patch(kind types.PatchType, form string) way {
	return func(c context.Context, s *server, cm *corev1.ConfigMap, seq string) (*corev1.ConfigMap, error) {
		body := []byte(fmt.Sprintf(form, seq))
		return s.typed.CoreV1().ConfigMaps(cm.Namespace).Patch(c, cm.Name, kind, body, metav1.PatchOptions{})
	}
}

// settle does a write until it is known to have been done: where the answer was lost, the object tells. What was begun is
// finished even when all is over.
func settle(
	ctx context.Context, servers []*server, namespace, name string, seq int,
	do func(context.Context, *server, *corev1.ConfigMap) (*corev1.ConfigMap, error),
) *corev1.ConfigMap {
	var now *corev1.ConfigMap
	for try := 0; ; try++ {
		s := servers[try%len(servers)]
		c, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		cm, err := do(c, s, now)
		if err == nil {
			cancel()
			return cm
		}
		now, err = s.typed.CoreV1().ConfigMaps(namespace).Get(c, name, metav1.GetOptions{})
		cancel()
		if err == nil && seqOf(now) == strconv.Itoa(seq) {
			return now
		}
		if err != nil {
			now = nil
		}
		giveUp(try, err)
		time.Sleep(200 * time.Millisecond)
	}
}

func remove(servers []*server, namespace string, cm *corev1.ConfigMap) {
	for try := 0; ; try++ {
		c, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		options := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &cm.UID}}
		err := servers[try%len(servers)].typed.CoreV1().ConfigMaps(namespace).Delete(c, cm.Name, options)
		cancel()
		if err == nil || errors.IsNotFound(err) {
			return
		}
		giveUp(try, err)
		time.Sleep(200 * time.Millisecond)
	}
}

// giveUp ends the program when nothing goes any more.
func giveUp(try int, err error) {
	if try > 300 {
		fmt.Fprintln(os.Stderr, "no write goes through:", err)
		os.Exit(1)
	}
}
