import { describe, expect, it } from 'vitest'
import { factsOf } from './facts-from-go.ts'
import { parseGo } from './go-source.ts'
import { parseProto } from './proto-source.ts'

const go = `
package v1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1 "k8s.io/api/core/v1"
)

/* a block
   comment */

// +genclient
// +genclient:nonNamespaced
// +genclient:method=GetScale,verb=get,subresource=scale,result=x
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Proxy is a thing.
type Proxy struct {
	metav1.TypeMeta \`json:",inline"\`
	// +optional
	metav1.ObjectMeta \`json:"metadata,omitempty" protobuf:"bytes,1,opt,name=metadata"\`
	Spec ProxySpec \`json:"spec,omitempty" protobuf:"bytes,2,opt,name=spec"\`
	Status ProxyStatus \`json:"status,omitempty,omitzero" protobuf:"bytes,3,opt,name=status"\`
}

// +structType=atomic
type ProxySpec struct {
	// +listType=map
	// +listMapKey=port
	// +listMapKey=protocol
	Ports []corev1.ServicePort \`json:"ports,omitempty" patchStrategy:"merge" patchMergeKey:"port" protobuf:"bytes,1,rep,name=ports"\` // trailing
	// +default=ref(ModeFast)
	Mode Mode \`json:"mode" protobuf:"bytes,2,opt,name=mode"\`
	// +default=3
	Limit *intstr.IntOrString \`json:"limit,omitempty" protobuf:"bytes,3,opt,name=limit"\`
	Hidden string \`json:"-"\`
	Data map[string][]byte \`json:"data,omitempty" protobuf:"bytes,4,rep,name=data"\`
}

type ProxyStatus struct{}

// +enum
type Mode string

const (
	ModeSlow Mode = "Slow"
	// ModeFast does less.
	ModeFast Mode = "Fast"
)

type Names []string

type OneOrMany struct {
	One *Names \`protobuf:"bytes,1,opt,name=one"\`
	Many []Names \`protobuf:"bytes,2,rep,name=many"\`
}
`

const proto = `
message Proxy {
  optional .k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta metadata = 1;
  optional ProxySpec spec = 2;
  optional ProxyStatus status = 3;
}

message ProxySpec {
  repeated .k8s.io.api.core.v1.ServicePort ports = 1;
  optional string mode = 2;
  optional .k8s.io.apimachinery.pkg.util.intstr.IntOrString limit = 3;
  map<string, bytes> data = 4;
}

message Names {
  repeated string items = 1;
}

message OneOrMany {
  optional Names one = 1;
  repeated Names many = 2;
}
`

const source = { path: 'k8s.io/api/net/v1', group: 'net.k8s.io', version: 'v1' }

describe('facts from Go', () => {
  it('reads kinds, fields, tags and markers', () => {
    const facts = factsOf({ ...source, files: [parseGo(go)], proto: parseProto(proto) })
    expect(facts.package).toBe('io.k8s.api.net.v1')
    expect(facts.kinds).toEqual([
      { kind: 'Proxy', plural: 'proxies', namespaced: false, subresources: ['status', 'scale'] },
    ])
    expect(facts.types).toEqual({
      Proxy: {
        fields: [
          { type: 'meta/v1.TypeMeta' },
          { type: 'meta/v1.ObjectMeta', name: 'metadata', proto: 1, omitEmpty: true, optional: true },
          { type: 'ProxySpec', name: 'spec', proto: 2, omitEmpty: true },
          { type: 'ProxyStatus', name: 'status', proto: 3, omitEmpty: true, omitZero: true },
        ],
      },
      ProxySpec: {
        atomic: true,
        fields: [
          {
            type: '[]core/v1.ServicePort',
            name: 'ports',
            proto: 1,
            omitEmpty: true,
            listType: 'map',
            listMapKeys: ['port', 'protocol'],
            patchStrategy: 'merge',
            patchMergeKey: 'port',
          },
          { type: 'Mode', name: 'mode', proto: 2, default: 'Fast' },
          { type: '*intOrString', name: 'limit', proto: 3, omitEmpty: true, default: 3 },
          { type: 'map[string]bytes', name: 'data', proto: 4, omitEmpty: true },
        ],
      },
      ProxyStatus: { fields: [] },
      Mode: { alias: 'string', enum: ['Slow', 'Fast'] },
      Names: { alias: '[]string', wrapped: true },
      OneOrMany: {
        union: [
          { type: '*Names', proto: 1 },
          { type: '[]Names', proto: 2 },
        ],
      },
    })
  })

  it('refuses numbers that the two sources do not agree on, and lines it cannot read', () => {
    const wrong = parseProto(proto.replace('mode = 2', 'mode = 7'))
    expect(() => factsOf({ ...source, files: [parseGo(go)], proto: wrong })).toThrow(
      'ProxySpec.mode: tag says 2, proto 7',
    )
    expect(() => parseGo('type T struct {\n\tA func()\n}\n')).toThrow('cannot read Go field')
  })
})
