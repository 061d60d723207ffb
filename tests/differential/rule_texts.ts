/**
 * Rule texts for every corner of tcprules' grammar, as byte strings.
 *
 * @module
 */

const addresses = [
  ...["1.2.3.4", "1.2.3.", "1.2.", "1.", "1", "", ".", "..", "1..2"],
  ...["01.02.03.04", "1.2.3.4.5.6", "999.999", " 1.2.3.4", "\t1", "1 .2"],
  ...["=", "=a.example", "=.example", "=..", "=A.Example", "=1-3", "a=1-3"],
  ...["joe@1.2.3.4", "joe@=a.example", "@", "@1.2.3.4", "a@b@c", "a@1-3"],
  ...["1-3@a", "1-3=", "1-@", "-=", "-", "--", "-1", "1-", "1--2", "-1-2"],
  ...["1-3", "1-3.", "1.2-4", "1.2.3.4-6", "1.2.3.4-6.", "1.2-4.3.4"],
  ...["1.2.3.37-53", "1.2.3.37-53.", "10-11.", "1-2.3-4", "1.2-3.4-5.6"],
  ...["1.2.3.-2", "1.2.3.5-4", "1.2.3.250-300", "1.2.3.255-255"],
  ...["1.2.3.255-256", "1.2.3.256-300", "1.2.3.256-256", "0-0", "5-5", "00-3"],
  ...["007-010", "0-255", "0-256", "0-99999999999", "99999999999-0"],
  ...["4294967295-4294967296", "4294967296-4294967297", "0-4294967296"],
  ...["18446744073709551615-1", "18446744073709551616-1"],
  ...["18446744073709551617-18446744073709551618", "1-18446744073709551615"],
  ...["36893488147419103232-3", "x-y", "1-y", "x-1", "1x-2", "1-2x", "1-x2"],
  ...["+1-2", "1-+2", " 1-2", "1 -2", "1- 2", "1-2 ", "0x1-2", "1-0x2"],
  ...["a.1-2", "a.1-2.b", "a1-2", "1-2a.", "a-b.c", "1.-.2", ".-.", "-."],
  ...["mail-in.1-2", "1,2", "1;2", "1/8", "10.0.0.0/8", "a#b", "!1", "*"],
  ...["1\r", "1\0", "\x001-2", "1-2\0", "\xe9", "\xff1-2", "1-\xff", "\x80"],
  "1".repeat(300),
  "1.".repeat(200),
  "1.".repeat(100) + "1-3",
];

const instructions = [
  ...["allow", "deny", "allo", "den", "all", "a", "d", "", " ", " allow"],
  ...["allow ", "allow\t", "deny ", "deny \t ", "Allow", "ALLOW", "Deny"],
  ...["allowed", "denyed", "allowdeny", "denyallow", "allow:", "deny:"],
  ...["allow:deny", ":allow", "::allow", "allow #x", "allow#", "deny#x"],
  ...["allow;", "deny;A='1'", "allow\r", "deny\r", "allow\0", "\0allow"],
  ...["allow,", "deny,", "allow, ", "allow,,", "allow,A", "allow,A ", "permit"],
  ...["allow allow", "deny,allow", "allow,deny", "reject", "x", "0", "\xff"],
];

const variables = [
  ...['A="1"', "A='1'", "A=/1/", "A=x1x", "A= 1 ", "A=\t1\t", "A=\x001\0"],
  ...['A=""', "A=''", "A=//", "A=11", "A=,1,", "A===", "A==1=", "A=\xff1\xff"],
  ...['A="1', 'A="', "A=", "A", "A=1", "A=xx1", "A=x", "=", "==", '=""'],
  ...['=" "', ' A="1"', 'A ="1"', 'A= "1"', ' =""', 'A B="1"', 'A="\'"'],
  ...["A='\"'", 'A="1"x', 'A="1" ', 'A="1"\t \t', 'A="1" ,B="2"', 'A="1";'],
  ...['A="1",', 'A="1",B', 'A="1",B=', 'A="1",B="2"', 'A="1",A="2"'],
  ...['A="1"B="2"', 'A="1",,B="2"', 'A="1", B="2"', 'A="a,b"', 'A="a:b"'],
  ...['A="#"', 'A="=x"', 'A="\\""', 'A="\\n"', "A=\\x\\", 'RELAYCLIENT=""'],
  ...['RELAYCLIENT="",RBLSMTPD=""', 'DATABYTES="1000000"', 'A=" 1 "', 'A=" '],
  ...['A="  ', 'D="1"', '+A="1"', 'A="+B=2"', 'A="\0"', 'A\0="1"', '\0="1"'],
  ...['A="\r"', 'A="1"\r', 'A="\xe9"', '\xe9="1"', "A=\r\r", "A=# #", "A=::"],
  'A="' + "v".repeat(5000) + '"',
  "N".repeat(5000) + '="v"',
];

const lines = [
  ...["", " ", "\t", " \t ", "#", "#:", "##", "# 1:allow", "#1:allow", " #"],
  ...[" #:allow", "\t#1:deny", "1.2.3.4", "allow", "1.2.3.4 allow", "garbage"],
  ...["1:allow ", "1:allow\t", " 1:allow", "1 :allow", "1: allow", ":", "::"],
  ...[":allow", ":deny", "::1:allow", "fe80::1:deny", "[::1]:allow", " :allow"],
  ...["\0", "\0:allow", "1:allow\0", "\r", "\r:allow", "1:allow\r", "\x0b"],
  ...["\x0c:allow", "1:allow\x0b", "1:allow\x0c", "1:allow \r", "1:allow\xa0"],
  ...["1:allow\n", "1:allow\n\n", "\n1:allow", "\n\n\n", "\n", "#\n1:allow"],
  ...["1:allow\n#", "1:allow\n# end", "1:allow\n2:deny", "1:allow\n2:deny\n"],
  ...["1:allow\n1:deny\n", "1:deny\n1:allow\n", "1:allow\n1:allow\n1:allow\n"],
  ...[
    "1-3:allow\n2:deny\n",
    "2:deny\n1-3:allow\n",
    ":deny\n:allow\n",
    "1\n2:x",
  ],
  ...["1:x\n", "2:allow\n1:x\n", "1:allow\n\n2:x", "1:allow\n2\n3:allow\n"],
  ...[
    '1:allow,A="\n"',
    '1:allow,A="1\n2:deny',
    "1:allow,A=\n\n",
    "1:allow,A=\n",
  ],
  ...["1:allow\r\n2:deny\r\n", "1:allow,A='1'\r\n", "a:b:c", "1:deny:allow"],
  ...["=:allow\n:deny\n", "=:deny\n", "1.2.3.4-5:deny,A=''\n1.2.3.4:allow\n"],
];

/** Many records: the same table, many tables, and a whole 0 to 255. */
const large = [
  Array.from({ length: 3000 }, (_, i) => `k${i}:allow`).join("\n"),
  "same:deny\n".repeat(2500),
  "10.0.0-255.:allow\n10.1.0-255:deny\n",
  "\n".repeat(10_000) + "1:allow",
  "1:deny" + " ".repeat(100_000),
  "#" + "x".repeat(100_000) + "\n1:deny",
];

export const corners: readonly string[] = [
  ...addresses.map((each) => `${each}:allow,A="1"\n`),
  ...addresses.slice(0, 40).map((each) => `${each}:deny`),
  ...instructions.map((each) => `1.2.3.4:${each}\n`),
  ...variables.map((each) => `1.2.3.4:allow,${each}\n`),
  ...variables.map((each) => `1.2.3.4:deny,${each}`),
  ...lines,
  ...large,
];
