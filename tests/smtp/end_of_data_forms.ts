/**
 * Forms that some server takes for the end of a message, or made one of when
 * it sent a message on (CVE-2023-51764, -51765, -51766, CVE-2023-52354).
 *
 * @module
 */

/** Up to the text. */
export const transaction =
  "EHLO h\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<x@example.com>\r\nDATA\r\n";
/** What a forged end is to get past. */
export const smuggled =
  "MAIL FROM:<smuggled@b.c>\r\nRCPT TO:<y@example.com>\r\nDATA\r\nhello\r\n";

/**
 * By form: what classic mode makes of it in the text, null if it refuses it;
 * default mode refuses them all.
 */
export const forms: Record<string, string | null> = {
  "\n.\n": null,
  "\n.\r\n": null,
  "\r\n.\n": null,
  "\r.\n": null,
  "\n.\r": null,
  "\r.\r\n": "\r.\n",
  "\r.\r": "\r.\r",
  "\r\n.\r": "\n.\r",
  "\r\n.\0\r\n": "\n\0\n",
  "\r\n\0.\r\n": "\n\0.\n",
  "\r\n.\r\r\n": "\n.\r\n",
  "\r\r\n.\r\r\n": "\r\n.\r\n",
};

/** Those without a bare CR or a NUL, which are text where LF ends a line. */
export const lfForms = ["\n.\n", "\n.\r\n", "\r\n.\n"];

/** A form as a test's name shows it. */
export function printable(form: string): string {
  return JSON.stringify(form).replaceAll("\\u0000", "\\0");
}
