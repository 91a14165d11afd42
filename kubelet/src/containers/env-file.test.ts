import { describe, expect, it } from 'vitest'
import { findInEnvFile } from './env-file.ts'

const long = 'x'.repeat(64 * 1024)

describe('findInEnvFile', () => {
  it.each<[string, string, string]>([
    ['the value between quotes', "KEY='value'\n", 'value'],
    ['without a last newline', "KEY='value'", 'value'],
    ['with ends of lines of another system', "A='1'\r\nKEY='value'\r\n", 'value'],
    ['the first of two', "KEY='1'\nKEY='2'\n", '1'],
    ['after comments and blank lines', "# KEY='no'\n\n \t\n  # more\n \tKEY='value'\n", 'value'],
    ['before a comment', "KEY='a # b' # c\n", 'a # b'],
    ['taken as it is', 'KEY=\'$A "b" \\n `c` =\'\n', '$A "b" \\n `c` ='],
    ['over lines', "KEY='one\n  two\n\n# three'\n", 'one\n  two\n\n# three'],
    ['after one over lines that looks like it', "A='\nKEY=no\n'\nKEY='value'\n", 'value'],
    ['empty', "KEY=''\n", ''],
    ['empty as in a shell', "KEY= 'value'\n", ''],
    ['before what is wrong', "KEY='value'\nwrong\n", 'value'],
    ['of a name with odd letters', "K.E-Y='no'\nKEY='value'\n", 'value'],
    ['not there', "A='1'\nkey='2'\nKEYS='3'\n", ''],
    ['an empty file', '', ''],
  ])('%s', (_, text, value) => {
    expect(findInEnvFile(text, 'KEY')).toBe(value)
  })

  it.each<[string, string]>([
    ['KEY\n', "invalid environment variable format at line 1: missing '='"],
    ["\n='value'\n", 'invalid environment variable format at line 2: empty variable name'],
    ["KEY ='value'\n", "invalid environment variable format at line 1: whitespace before '=' is not allowed"],
    ['KEY=value\n', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
    ['KEY=\n', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
    ['KEY="value"\n', 'invalid environment variable format at line 1: value must be enclosed in single quotes'],
    [
      "A='\n' b\nKEY='value'\n",
      'invalid environment variable format at line 2: unexpected content after closing quote',
    ],
    ["#\nKEY='a\nb\n", 'invalid environment variable format starting at line 2: unclosed single quote'],
    [`A='${long}'\nKEY='value'\n`, 'bufio.Scanner: token too long'],
  ])('refuses %j', (text, message) => {
    expect(() => findInEnvFile(text, 'KEY')).toThrow(message)
  })
})
