/** An error whose message is written for the person at the terminal: it says what is wrong and what to do. */
export class UserError extends Error {}
