import { expect, it } from 'vitest'
import { appArmorRefusal } from './app-armor.ts'
import { container, pod } from './fixtures.ts'

const of = (type: string) => ({ securityContext: { appArmorProfile: { type } } })

it.each([
  ['nobody asks for it', pod({ containers: [container('a')] }), false, undefined],
  ['nothing is to be confined', pod({ containers: [container('a', of('Unconfined'))] }), false, undefined],
  ['the Pod is to be', pod({ ...of('RuntimeDefault'), containers: [container('a')] }), false, 'AppArmor'],
  [
    'an init container is to be',
    pod({ initContainers: [container('i', of('Localhost'))], containers: [] }),
    false,
    'AppArmor',
  ],
  ['the kernel can', pod({ containers: [container('a', of('RuntimeDefault'))] }), true, undefined],
])('appArmorRefusal where %s', (_, one, enabled, reason) => {
  expect(appArmorRefusal(one, enabled)?.reason).toBe(reason)
})
