import { describe, expect, it } from 'vitest'
import { readReview, reviewVersion } from './review.ts'

const head = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
const patch = Buffer.from('[]').toString('base64')
const answer = (response: object | undefined, more: object = {}): object => ({
  ...head,
  ...more,
  ...(response && { response: { uid: 'u', allowed: true, ...response } }),
})

describe('an answer', () => {
  it.each<[boolean, object, string]>([
    [true, answer(undefined), 'webhook response was absent'],
    [true, answer({ uid: 'other' }), 'expected response.uid="u", got "other"'],
    [
      true,
      answer({}, { apiVersion: '', kind: '' }),
      'expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got /, Kind=',
    ],
    [
      true,
      answer({}, { apiVersion: 'admission.k8s.io/v1beta1' }),
      'converting (v1beta1.AdmissionReview) to (v1.AdmissionReview): unknown conversion',
    ],
    [true, answer({ patch }), 'webhook returned response.patch but not response.patchType'],
    [true, answer({ patchType: 'JSONPatch' }), 'webhook returned response.patchType but not response.patch'],
    [true, answer({ patch, patchType: '' }), 'webhook returned invalid response.patchType of ""'],
    [false, answer({ patch }), 'validating webhook may not return response.patch'],
    [false, answer({ patchType: 'JSONPatch' }), 'validating webhook may not return response.patchType'],
  ])('is refused (mutating: %s): %j', (mutating, given, text) => {
    expect(() => readReview('v1', 'u', mutating, given)).toThrow(text)
  })

  it('is no review at all', () => {
    for (const given of [null, 3, [], { ...head, response: 'x' }]) {
      expect(() => readReview('v1', 'u', true, given)).toThrow()
    }
  })

  it('of v1beta1 is taken as it comes', () => {
    const beta = { apiVersion: 'admission.k8s.io/v1beta1' }
    expect(readReview('v1beta1', 'u', true, answer({ uid: '', patch }, beta))).toEqual({
      allowed: true,
      patch: '[]',
      patchType: 'JSONPatch',
    })
    expect(readReview('v1beta1', 'u', false, answer({ patch }, beta)).patch).toBe('')
  })
})

it('is asked for in the first version known', () => {
  expect(reviewVersion(['v2', 'v1beta1', 'v1'])).toBe('v1beta1')
  expect(reviewVersion(['v2'])).toBeUndefined()
})
