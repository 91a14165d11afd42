import { describe, expect, it } from 'vitest'
import { isLongRunning, parseRequestInfo } from './request-info.ts'

const info = (method: string, url: string) => {
  const parsed = new URL(url, 'https://x')
  return parseRequestInfo(method, parsed.pathname, parsed.searchParams)
}

describe('parseRequestInfo', () => {
  // [method, url, verb, group, version, namespace, resource, subresource, name]
  it.each([
    ['GET', '/api/v1/namespaces', 'list', '', 'v1', '', 'namespaces', '', ''],
    ['GET', '/api/v1/namespaces/other', 'get', '', 'v1', 'other', 'namespaces', '', 'other'],
    ['PUT', '/api/v1/namespaces/other/finalize', 'update', '', 'v1', 'other', 'namespaces', 'finalize', 'other'],
    ['GET', '/api/v1/namespaces/other/pods', 'list', '', 'v1', 'other', 'pods', '', ''],
    ['GET', '/api/v1/namespaces/other/pods?watch=true', 'watch', '', 'v1', 'other', 'pods', '', ''],
    ['GET', '/api/v1/namespaces/other/pods?watch=false', 'list', '', 'v1', 'other', 'pods', '', ''],
    ['GET', '/api/v1/pods?watch', 'watch', '', 'v1', '', 'pods', '', ''],
    ['GET', '/api/v1/watch/namespaces/other/pods/foo', 'watch', '', 'v1', 'other', 'pods', '', 'foo'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dfoo', 'list', '', 'v1', '', 'pods', '', 'foo'],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments', 'deletecollection', 'apps', 'v1', 'a', 'deployments', '', ''],
    ['DELETE', '/apis/apps/v1/namespaces/a/deployments/b', 'delete', 'apps', 'v1', 'a', 'deployments', '', 'b'],
    [
      'PATCH',
      '/apis/apps/v1/namespaces/a/deployments/b/scale',
      'patch',
      'apps',
      'v1',
      'a',
      'deployments',
      'scale',
      'b',
    ],
    ['POST', '/api/v1/namespaces/a/pods/b/exec', 'create', '', 'v1', 'a', 'pods', 'exec', 'b'],
    ['GET', '/api/v1/nodes/n1/proxy/stats/summary', 'get', '', 'v1', '', 'nodes', 'proxy', 'n1'],
    ['OPTIONS', '/api/v1/nodes', '', '', 'v1', '', 'nodes', '', ''],
    ['GET', '/api/v1/namespaces/a/configmaps/b%3Ac', 'get', '', 'v1', 'a', 'configmaps', '', 'b:c'],
  ])('%s %s', (method, url, verb, apiGroup, apiVersion, namespace, resource, subresource, name) => {
    expect(info(method, url)).toMatchObject({
      isResourceRequest: true,
      verb,
      apiGroup,
      apiVersion,
      namespace,
      resource,
      subresource,
      name,
    })
  })

  it.each([
    ['GET', '/', 'get'],
    ['GET', '/api', 'get'],
    ['GET', '/api/v1', 'get'],
    ['GET', '/apis/apps/v1', 'get'],
    ['POST', '/healthz/etcd', 'post'],
  ])('%s %s is no resource request', (method, url, verb) => {
    expect(info(method, url)).toMatchObject({ isResourceRequest: false, verb })
  })

  it('knows what lasts', () => {
    expect(isLongRunning(info('GET', '/api/v1/pods?watch=1'))).toBe(true)
    expect(isLongRunning(info('GET', '/api/v1/namespaces/a/pods/b/log'))).toBe(true)
    expect(isLongRunning(info('GET', '/api/v1/namespaces/a/pods/b'))).toBe(false)
  })
})

describe('what is selected by fields', () => {
  const own = [{ field: 'spec.nodeName', op: '=', value: 'a' }]
  it.each([
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Da', own],
    ['GET', '/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Da', own],
    ['DELETE', '/api/v1/pods?fieldSelector=spec.nodeName%3Da', own],
    ['GET', '/api/v1/namespaces/x/pods/b?fieldSelector=spec.nodeName%3Da', []],
    ['DELETE', '/api/v1/namespaces/x/pods/b?fieldSelector=spec.nodeName%3Da', []],
    ['GET', '/api/v1/pods?fieldSelector=nonsense', []],
  ])('%s %s', (method, url, expected) => {
    expect(info(method, url).fieldSelector).toEqual(expected)
  })
})
