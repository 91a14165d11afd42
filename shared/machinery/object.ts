import type { ListMeta, ObjectMeta, OwnerReference } from './meta-v1.gen.ts'

/** What every API object has. */
export interface KubeObject {
  apiVersion: string
  kind: string
  metadata: ObjectMeta
}

/** A list as the server sends it. */
export interface KubeList<T> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

/** Names one served resource; the phantom `_type` carries the object type to the client's methods. */
export interface ResourceRef<T extends KubeObject = KubeObject> {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  readonly _type?: T
}

/** "namespace/name", or "name" for objects without a namespace. */
// client-go tools/cache/store.go MetaNamespaceKeyFunc
export function objectKey(obj: { metadata: ObjectMeta }): string {
  const { namespace, name } = obj.metadata
  return namespace ? `${namespace}/${name ?? ''}` : (name ?? '')
}

/** The inverse of objectKey. Throws on a key with more than one slash. */
export function splitKey(key: string): { namespace?: string; name: string } {
  const slash = key.indexOf('/')
  if (slash < 0) return { name: key }
  if (key.includes('/', slash + 1)) throw new Error(`unexpected key format: ${JSON.stringify(key)}`)
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}

/** "v1" for the core group, else "group/version". */
export function apiVersionOf(ref: { group: string; version: string }): string {
  return ref.group === '' ? ref.version : `${ref.group}/${ref.version}`
}

/** The URL path of a collection, an object or a subresource; parts are escaped. */
export function resourcePath(ref: ResourceRef, namespace?: string, name?: string, subresource?: string): string {
  let path = ref.group === '' ? `/api/${ref.version}` : `/apis/${ref.group}/${ref.version}`
  if (namespace && ref.namespaced) path += `/namespaces/${encodeURIComponent(namespace)}`
  path += `/${ref.plural}`
  if (name !== undefined) path += `/${encodeURIComponent(name)}`
  // a subresource may have a path of its own below it (pods/web/proxy/index.html)
  if (subresource !== undefined) path += `/${subresource}`
  return path
}

/** The one owner marked as the managing controller, if any. */
export function controllerOf(obj: { metadata: ObjectMeta }): OwnerReference | undefined {
  return obj.metadata.ownerReferences?.find((owner) => owner.controller === true)
}

/** An owner reference by which `owner` manages and blocks on its dependant. */
// apimachinery/pkg/apis/meta/v1/controller_ref.go NewControllerRef
export function newControllerRef(owner: { metadata: ObjectMeta }, ref: ResourceRef): OwnerReference {
  return {
    apiVersion: apiVersionOf(ref),
    kind: ref.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}
