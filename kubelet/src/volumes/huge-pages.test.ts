import { describe, expect, it } from 'vitest'
import { container, pod } from '../pods/fixtures.ts'
import { pageSizeOf } from './huge-pages.ts'

const asking = (...names: string[]) =>
  pod({ containers: names.map((name) => container(name, { resources: { requests: { [name]: '2Mi', cpu: '1' } } })) })
const none = 'hugePages storage requested, but there is no resource request for huge pages'

describe('pageSizeOf', () => {
  it.each([
    ['HugePages', asking('hugepages-2Mi'), '2Mi'],
    ['HugePages', asking('hugepages-2Mi', 'hugepages-2048Ki'), '2Mi'],
    ['HugePages-1Gi', asking('hugepages-2Mi', 'hugepages-1Gi'), '1Gi'],
    ['HugePages', pod({ resources: { requests: { 'hugepages-2Mi': '4Mi' } }, containers: [container('a')] }), '2Mi'],
  ])('%s', (medium, of, size) => expect(pageSizeOf(medium, of)).toBe(size))

  it.each([
    ['HugePages', asking('memory'), `medium HugePages: ${none}`],
    ['HugePages-1Gi', asking('hugepages-2Mi'), `medium HugePages-1Gi: ${none}`],
    [
      'HugePages',
      asking('hugepages-2Mi', 'hugepages-1Gi'),
      "medium: HugePages can't be used if container requests multiple huge page sizes",
    ],
  ])('refuses %s', (medium, of, message) => expect(() => pageSizeOf(medium, of)).toThrow(message))
})
