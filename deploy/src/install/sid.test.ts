import { describe, expect, it } from 'vitest'
import { debianMirror } from './sid.ts'

describe('the Debian mirror of apt settings', () => {
  it.each([
    ['one line', 'deb http://mirror.example/debian bookworm main\n', 'http://mirror.example/debian'],
    ['options', 'deb [arch=amd64 signed-by=/k] https://m.example/debian/ sid main', 'https://m.example/debian/'],
    ['deb822', 'Types: deb\nURIs: http://mirror.example/debian\nSuites: trixie\n', 'http://mirror.example/debian'],
    ['security comes first', 'deb http://m/debian-security x main\ndeb http://m/debian x main', 'http://m/debian'],
    ['comments', '# deb http://old/debian x main\n', undefined],
    ['another archive', 'deb https://example.org/apt stable main', undefined],
    ['nothing', '', undefined],
  ])('%s', (_name, sources, wanted) => {
    expect(debianMirror(sources)).toBe(wanted)
  })
})
