import { parseFieldSelector, type FieldRequirement } from '@kubets/shared/machinery/field-selector.ts'

/** What a URL and method ask for, before anything is looked up. */
export interface RequestInfo {
  isResourceRequest: boolean
  path: string
  /** Lower-case method for non-resource requests; an API verb, '' when the method is unknown, for the others. */
  verb: string
  apiGroup: string
  apiVersion: string
  /** Also set for the object form of namespaces themselves, as authorization needs it. */
  namespace: string
  resource: string
  subresource: string
  name: string
  /** What a list, watch or deletion of many selects by fields; none where it cannot be read. */
  fieldSelector: readonly FieldRequirement[]
  /** What follows the resource: [resource, name, subresource, …]. */
  parts: readonly string[]
}

const methodVerbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
}
const selecting = new Set(['list', 'watch', 'deletecollection'])
const namespaceSubresources = new Set(['status', 'finalize'])

// staging/src/k8s.io/apiserver/pkg/endpoints/request/requestinfo.go RequestInfoFactory.NewRequestInfo
/** Reads method, path and query. Throws a URIError when the path is not well-formed percent-encoding. */
export function parseRequestInfo(method: string, path: string, query: URLSearchParams): RequestInfo {
  const info: RequestInfo = {
    isResourceRequest: false,
    path,
    verb: method.toLowerCase(),
    apiGroup: '',
    apiVersion: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    fieldSelector: [],
    parts: [],
  }
  let parts = splitPath(path)
  const prefix = parts[0]
  if (parts.length < 3 || (prefix !== 'api' && prefix !== 'apis')) return info
  parts = parts.slice(1)
  if (prefix === 'apis') {
    if (parts.length < 3) return info
    info.apiGroup = parts[0] ?? ''
    parts = parts.slice(1)
  }
  info.isResourceRequest = true
  info.apiVersion = parts[0] ?? ''
  parts = parts.slice(1)

  const special = parts[0] === 'watch' || parts[0] === 'proxy' ? parts[0] : undefined
  if (special !== undefined && parts.length >= 2) {
    info.verb = special
    parts = parts.slice(1)
  } else {
    info.verb = methodVerbs[method] ?? ''
  }

  if (parts[0] === 'namespaces' && parts.length > 1) {
    info.namespace = parts[1] ?? ''
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] ?? '')) parts = parts.slice(2)
  }
  info.parts = parts
  info.resource = parts[0] ?? ''
  info.name = parts[1] ?? ''
  if (special !== 'proxy') info.subresource = parts[2] ?? ''

  if (info.name === '' && info.verb === 'get') {
    info.verb = isTrue(query.get('watch')) ? 'watch' : 'list'
  }
  if (info.name === '' && info.verb === 'delete') info.verb = 'deletecollection'
  if (!selecting.has(info.verb)) return info
  info.fieldSelector = requirements(query.get('fieldSelector'))
  if (info.name === '' && info.verb !== 'deletecollection') info.name = selectedName(info.fieldSelector)
  return info
}

/** Whatever is not said to be false is true, a bare `?watch` too. */
// apimachinery/pkg/runtime/conversion.go Convert_Slice_string_To_bool
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false'
}

const subresourceVerbs = new Set(['log', 'exec', 'attach', 'portforward', 'proxy'])

/** Requests that may last as long as the client likes. */
// cmd/kube-apiserver/app/server.go BasicLongRunningRequestCheck
export function isLongRunning(info: RequestInfo): boolean {
  if (!info.isResourceRequest) return false
  return info.verb === 'watch' || info.verb === 'proxy' || subresourceVerbs.has(info.subresource)
}

function splitPath(path: string): string[] {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? [] : trimmed.split('/').map(decodeURIComponent)
}

function requirements(selector: string | null): FieldRequirement[] {
  if (!selector) return []
  try {
    return parseFieldSelector(selector)
  } catch {
    return [] // the handler refuses it with a proper answer
  }
}

/** A selector for exactly one name makes a list a request for that name (so that resourceNames in rules apply). */
function selectedName(selector: readonly FieldRequirement[]): string {
  const match = selector.find(({ field, op }) => field === 'metadata.name' && op === '=')
  return match !== undefined && !/[/%]|^\.{1,2}$/.test(match.value) ? match.value : ''
}
