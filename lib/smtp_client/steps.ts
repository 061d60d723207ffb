/**
 * What a server is waited for at, and how long.
 *
 * @module
 */
export type Step =
  | "greeting"
  | "hello"
  | "startTls"
  | "login"
  | "xclient"
  | "mail"
  | "recipient"
  | "data"
  | "text"
  | "end"
  | "reset";

/**
 * Our own client waits meanwhile, with RFC 5321 4.5.3.2's patience or less: each
 * step has to be over before its own.
 */
export const stepSeconds: { readonly [step in Step]: number } = {
  greeting: 30, // RFC: 300
  hello: 30, // RFC: 300
  startTls: 30,
  login: 30,
  xclient: 30,
  mail: 60, // RFC: 300
  recipient: 60, // RFC: 300
  data: 60, // RFC: 120
  text: 120, // RFC: 180 for each block
  end: 300, // RFC: 600
  reset: 30,
};
