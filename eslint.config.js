// What the linter keeps: no floating promises, no clocks outside shared/process, no `any` by accident.
import tseslint from 'typescript-eslint'

/** Wall 6 of the design: time comes in as an argument; only shared/process may reach for the real clock. */
const noRealTime = [
  { object: 'Date', property: 'now', message: 'Take a Clock instead (shared/machinery/clock.ts).' },
  { object: 'globalThis', property: 'setTimeout', message: 'Take a Clock instead (shared/machinery/clock.ts).' },
]
const timers = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: 'Take a Clock instead (shared/machinery/clock.ts).',
}))

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/*.gen.ts', 'shared/api/types/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.ts'],
    ignores: ['shared/process/**', 'shared/testing/**', '**/*.test.ts', 'e2e/**', 'deploy/**', '**/scripts/**'],
    rules: { 'no-restricted-properties': ['error', ...noRealTime], 'no-restricted-globals': ['error', ...timers] },
  },
)
