import { parseYaml } from '@kubets/shared/machinery/schema/yaml.ts'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { yamlText } from './yaml-text.ts'

describe('yamlText', () => {
  it('writes as upstream does', () => {
    const value = {
      kind: 'List',
      apiVersion: 'v1',
      items: [{ b: [], a: {}, list: [1, [2, 3], 'x'] }, null, 'text'],
      data: { script: 'echo 1\necho 2\n', cut: 'a\nb', more: 'a\n\n\n', ' lead': '\n x\n' },
      words: ['yes', 'true', '1.5', '0x1f', '12:30', '2026-01-01', '2026-01-01T00:00:00Z', '', '~', "it's", 'a: b'],
      plain: ['--flag=x', 'a b', 'http://x/y?z#q', 'v1.2.3', '10.0.0.1', 'a, b', "x'y", 'Ünï'],
    }
    expect(yamlText(value)).toBe(`apiVersion: v1
data:
  ' lead': "\\n x\\n"
  cut: |-
    a
    b
  more: |+
    a


  script: |
    echo 1
    echo 2
items:
- a: {}
  b: []
  list:
  - 1
  - - 2
    - 3
  - x
- null
- text
kind: List
plain:
- --flag=x
- a b
- http://x/y?z#q
- v1.2.3
- 10.0.0.1
- a, b
- x'y
- Ünï
words:
- "yes"
- "true"
- "1.5"
- "0x1f"
- "12:30"
- "2026-01-01"
- "2026-01-01T00:00:00Z"
- ""
- "~"
- it's
- 'a: b'
`)
  })

  it.each(
    [
      ...[
        'a',
        'no',
        'Null',
        '- a',
        '-',
        '-a',
        '? b',
        ': c',
        ':c',
        'a:',
        'a #b',
        'a#b',
        '#a',
        '{a',
        '[a',
        'a]',
        '*a',
        '&a',
      ],
      ...[
        '!a',
        '|',
        '>x',
        "'a'",
        '"a"',
        '%a',
        '@a',
        '`a',
        '---',
        '--- a',
        '...',
        ' a',
        'a ',
        'a\tb',
        '\ta',
        'a\n',
        '\n',
      ],
      ...[
        'a\n b',
        ' a\nb',
        'a\r\nb',
        'a\n\n',
        'a\u0085b',
        'a\u2028b',
        '\ufeffa',
        '\u0000',
        '\u007f',
        '😀',
        '\ud800',
        '1_000',
      ],
      ...[
        '1e3',
        '-1',
        '+1',
        '.5',
        '5.',
        '0b1',
        '0o7',
        '017',
        '1:2:3',
        '190:20:30.15',
        '-.INF',
        '.NaN',
        '=',
        '<<',
        'é',
        ',',
      ],
      ...['a\n...\nb', 'a\n---\nb', 'a\n# b', 'a\n\tb', 'key: |\n  x\n'],
    ].map((text) => [text]),
  )('gives %j back to whoever reads it', (text) => {
    const value = { [text]: [text, { [`${text}x`]: text }], z: 1 }
    expect(parse(yamlText(value))).toEqual(value)
    expect(parseYaml(yamlText(value), true)).toEqual({ value, problems: [] })
  })

  it.each([[1], [1.5e300], [-0.1], [true], [null], ['x'], [[]], [{}], [[[[]]]], [[{ a: [{}] }]], [{ __proto__x: {} }]])(
    'writes %j',
    (value) => {
      expect(parse(yamlText(value))).toEqual(value)
    },
  )

  it('is a block that can stand in another', () => {
    expect(`a:\n${yamlText({ x: 'p\nq\n', z: [1] }, '  ')}`).toBe('a:\n  x: |\n    p\n    q\n  z:\n  - 1\n')
  })
})
