import { describe, expect, it } from 'vitest'
import type { Namespace } from '@kubets/shared/api/types/core-v1.ts'
import { plan } from './plan.ts'

const namespace: Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' }, spec: {} }

describe('plan', () => {
  const created = plan(namespace, undefined, 'PEM')

  it('creates what is missing', () => {
    expect(created?.type).toBe('create')
    expect(created?.configMap.data).toEqual({ 'ca.crt': 'PEM' })
  })

  it('repairs what someone changed, and only that', () => {
    expect(plan(namespace, created?.configMap, 'PEM')).toBeUndefined()
    const tampered = created && { ...created.configMap, data: { 'ca.crt': 'other', more: 'x' } }
    expect(plan(namespace, tampered, 'PEM')).toMatchObject({ type: 'update', configMap: { data: { 'ca.crt': 'PEM' } } })
    expect(plan(namespace, created?.configMap, 'NEW')?.configMap.data).toEqual({ 'ca.crt': 'NEW' })
  })

  it('leaves an outgoing namespace alone', () => {
    expect(plan({ ...namespace, status: { phase: 'Terminating' } }, undefined, 'PEM')).toBeUndefined()
  })
})
