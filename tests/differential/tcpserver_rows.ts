/**
 * Command lines of tcpserver, each with what is asked of it: the table of
 * tcpserver_test.ts.
 *
 * @module
 */

/** Rules by name: a text to compile, the bytes of a file, or none at all. */
export const rulesFiles: Record<string, string | Uint8Array | null> = {
  allow: ":allow\n",
  deny: ":deny\n",
  // By address, name and ident answer; CLIENTS says who has which.
  byAddress: 'NET9:allow,BY="address"\nNET:deny\n:allow\n',
  byPrefix: 'NET:allow,BY="prefix"\n:deny\n',
  byHost: '=mx.example:allow,BY="host"\n=.example:allow,BY="domain"\n' +
    '=:allow,BY="any name"\n:deny\n',
  byInfo: 'joe@NET14:allow,BY="info"\njoe@=mx.example:allow,BY="both"\n' +
    '@NET15:allow,BY="empty info"\n:deny\n',
  overrides: ':allow,TCPREMOTEHOST="ruled",TCPREMOTEINFO="ruled",' +
    'TCPREMOTEIP="ruled",TCPLOCALHOST="ruled",PROTO="ruled"\n',
  empties: ':allow,TCPREMOTEHOST="",PATH="",=""\n',
  newPath: ':allow,PATH="/no/such"\n',
  bytes: ':allow,B="a=b\xe9\x01 c",C="x",C="y"\n',
  denyWithVariables: ':deny,A="1"\n',
  missing: null,
  folder: null,
  empty: new Uint8Array(),
  truncated: new Uint8Array(100),
  corrupt: new Uint8Array(3000).fill(0xff),
};

/**
 * Where the client comes from: the last byte of a loopback address, and what
 * DNS and ident know about it.
 */
export const clients = {
  named: 9, // mx.example, which leads back
  liar: 10, // liar.example, which leads to others
  nameless: 11, // NXDOMAIN
  odd: 12, // A%/b.Example
  blank: 20, // a b.example
  literal: 19, // its own address
  control: 21, // ident says control bytes
  second: 13, // two.example, whose second address it is
  joe: 14, // ident says joe; mx.example
  refused: 15, // ident says ERROR; NXDOMAIN
  colon: 16, // ident says a:b%c@d and so on; alias.example by a CNAME
  silent: 17, // ident says nothing; SERVFAIL
  long: 18, // a long ident answer; a long name
} as const;

export interface Row {
  readonly args: string[];
  /** One of rulesFiles, for -x. */
  readonly rules?: keyof typeof rulesFiles;
  readonly from?: keyof typeof clients;
  /** Instead of the gate's own loopback address. */
  readonly host?: string;
  readonly program?: string[];
  /** Of the server, besides PATH and DNSCACHEIP. */
  readonly env?: Record<string, string>;
  /** With HUP and USR1 ignored from the start. */
  readonly ignoring?: boolean;
  readonly differs?: Difference;
}

/** A difference that is meant. */
export interface Difference {
  readonly why: string;
  /**
   * What makes tcpserver's lines (of the log, and of what the client got)
   * postern's; a line that becomes empty is not there.
   */
  readonly edits: readonly (readonly [theirs: RegExp, ours: string])[];
}

const stale = {
  PROTO: "stale",
  TCPLOCALHOST: "stale",
  TCPREMOTEHOST: "stale",
  TCPREMOTEINFO: "stale",
  TCPREMOTEPORT: "stale",
  OTHER: "stays",
};

export const rows: Record<string, Row> = {
  // Names.
  "all defaults": { args: ["-v"] },
  "-H -R -l": { args: ["-v", "-H", "-R", "-l", "0"] },
  "bundled -vRHl0": { args: ["-vRHl0"] },
  "attached after a bundle": { args: ["-vHRlgate.example"] },
  "-l with odd bytes": { args: ["-vHRl", "a:b %c\té"] },
  "-l of 101 bytes": { args: ["-vHRl", "x".repeat(101)] },
  "-l of nothing": { args: ["-vHRl", ""] },
  "-l of nothing over a stale one": { args: ["-vHRl", ""], env: stale },
  "our name by DNS": { args: ["-vHR"] },
  "-h after -H": { args: ["-vHhRl0"] },
  "-H after -h": { args: ["-vhHRl0"] },
  "a name": { args: ["-vRl0"], from: "named" },
  "no name": { args: ["-vRl0"], from: "nameless" },
  "a name of odd bytes": { args: ["-vRl0"], from: "odd" },
  "an alias": { args: ["-vRl0"], from: "colon" },
  "a long name": { args: ["-vRl0"], from: "long" },
  "-p and the name leads back": { args: ["-vpRl0"], from: "named" },
  "-p and it leads to others": { args: ["-vpRl0"], from: "liar" },
  "-P and it leads to others": { args: ["-vPRl0"], from: "liar" },
  "-p then -P": { args: ["-vpPRl0"], from: "liar" },
  "-P then -p": { args: ["-vPpRl0"], from: "liar" },
  "-p and it is the second address": { args: ["-vpRl0"], from: "second" },
  "-p without a name": { args: ["-vpRl0"], from: "nameless", env: stale },
  "-p -H": { args: ["-vpHRl0"], from: "named" },

  // Ident.
  "ident": { args: ["-vHl0"], from: "joe" },
  "ident and a name": { args: ["-vl0"], from: "joe" },
  "ident says ERROR": { args: ["-vHl0"], from: "refused" },
  "ident says odd things": { args: ["-vHl0"], from: "colon" },
  "ident says much": { args: ["-vHl0"], from: "long" },
  "ident is silent": { args: ["-vHt1l0"], from: "silent" },
  "nobody listens": { args: ["-vHl0"], from: "named", env: stale },
  "-r after -R": { args: ["-vHRrl0"], from: "joe" },
  "-R after -r": { args: ["-vHrRl0"], from: "joe" },
  "-t twice": { args: ["-vHl0", "-t", "26", "-t1"], from: "silent" },

  // The environment.
  "stale variables": { args: ["-vRHl0"], env: stale },
  "stale variables and names": { args: ["-vl0"], env: stale, from: "joe" },
  "an environment of odd bytes": {
    args: ["-vRHl0"],
    env: { "ODD KEY": "é = \n", EMPTY: "" },
  },

  // Rules.
  "-x allows": { args: ["-vRHl0"], rules: "allow" },
  "-x denies": { args: ["-vRHl0"], rules: "deny" },
  "-x denies and names are known": {
    args: ["-v"],
    rules: "deny",
    from: "joe",
  },
  "a deny rule has variables": {
    args: ["-vRHl0"],
    rules: "denyWithVariables",
  },
  "by address": { args: ["-vRHl0"], rules: "byAddress", from: "named" },
  "by address, another": { args: ["-vRHl0"], rules: "byAddress", from: "liar" },
  "by prefix": { args: ["-vRHl0"], rules: "byPrefix" },
  "by host": { args: ["-vRl0"], rules: "byHost", from: "named" },
  "by host without looking it up": {
    args: ["-vRHl0"],
    rules: "byHost",
    from: "named",
  },
  "by domain": { args: ["-vRl0"], rules: "byHost", from: "liar" },
  "by domain of a liar": { args: ["-vpRl0"], rules: "byHost", from: "liar" },
  "by having no name": { args: ["-vRl0"], rules: "byHost", from: "nameless" },
  "by info": { args: ["-vHl0"], rules: "byInfo", from: "joe" },
  "by info without asking": { args: ["-vRHl0"], rules: "byInfo", from: "joe" },
  "by empty info": { args: ["-vHl0"], rules: "byInfo", from: "refused" },
  "rules override": { args: ["-vl0"], rules: "overrides", from: "joe" },
  "rules set empty values": { args: ["-vRHl0"], rules: "empties" },
  "rules set PATH": { args: ["-vRHl0"], rules: "newPath" },
  "rules set odd bytes": { args: ["-vRHl0"], rules: "bytes" },
  "no rules file": { args: ["-vRHl0"], rules: "missing" },
  "no rules file with -X": { args: ["-vXRHl0"], rules: "missing" },
  "no rules file, errors": { args: ["-QRHl0"], rules: "missing" },
  "no rules file, silence": { args: ["-qRHl0"], rules: "missing" },
  "an empty rules file with -X": { args: ["-vXRHl0"], rules: "empty" },
  "a truncated rules file": { args: ["-vRHl0"], rules: "truncated" },
  "a corrupt rules file with -X": { args: ["-vXRHl0"], rules: "corrupt" },
  "-x with an empty name": { args: ["-vRHl0", "-x", ""] },
  "-x twice": { args: ["-vRHl0", "-x", "/no/such"], rules: "allow" },

  // Sockets and numbers.
  "-B": { args: ["-vRHl0", "-B", "hello\r\n"] },
  "-B and a denied client": { args: ["-vRHB", "hello ", "-l0"], rules: "deny" },
  "-D -o": { args: ["-vRHDol0"] },
  "-d -O after -D -o": { args: ["-vRHDodOl0"] },
  "-b": { args: ["-vRHb1", "-l0"] },
  "-b 0": { args: ["-vRHl0", "-b", "0"] },
  "-b and -t odd": { args: ["-vRHl0", "-b", "5x", "-t", "x"] },
  "-c": { args: ["-vRHl0", "-c", "7"] },
  "-c with a tail": { args: ["-vRHc3.5", "-l0"] },
  "-c twice": { args: ["-c1", "-vRHl0", "-c2"] },
  "-1 twice": { args: ["-1vRHl0"] },
  "--": { args: ["-vRHl0", "--"] },
  "-v then -Q": { args: ["-vRHQl0"] },
  "-q then -v": { args: ["-qRHvl0"] },
  "-Q alone": { args: ["-QRHl0"] },

  // Identity.
  "-u -g": {
    args: ["-vRHl0", "-u", "1234", "-g2345"],
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-u alone": {
    args: ["-vRHu1234", "-l0"],
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-g alone": {
    args: ["-vRHg1234", "-l0"],
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-u 0": {
    args: ["-vRHu0x", "-l0"],
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-U": {
    args: ["-vRHUl0"],
    env: { UID: "1234", GID: "2345" },
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-U without UID and GID": {
    args: ["-vRHUl0"],
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-U over -u": {
    args: ["-vRHl0", "-u77", "-U"],
    env: { UID: "1234", GID: "2345" },
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },
  "-u over -U": {
    args: ["-vRHl0", "-U", "-u77"],
    env: { UID: "1234", GID: "2345" },
    program: ["grep", "^[UG]id:", "/proc/self/status"],
  },

  // HOST.
  "HOST 0": { args: ["-vRHl0"], host: "0" },
  "HOST empty": { args: ["-vRHl0"], host: "" },
  "HOST 127.0.0.1": { args: ["-vRHl0"], host: "127.0.0.1" },
  "HOST localhost": { args: ["-vRHl0"], host: "localhost" },
  "HOST by DNS": { args: ["-vRHl0"], host: "gate.example" },
  "HOST in brackets": { args: ["-vRHl0"], host: "[127.0.0.1]" },

  // PROGRAM.
  "exit 7": { args: ["-vRHl0"], program: ["sh", "-c", "exit 7"] },
  "exit 255": { args: ["-vRHl0"], program: ["sh", "-c", "exit 255"] },
  "killed": { args: ["-vRHl0"], program: ["sh", "-c", "kill -9 $$"] },
  "dies of SIGPIPE": { args: ["-vRHl0"], program: ["sh", "-c", "kill -13 $$"] },
  "dies of SIGTERM": { args: ["-vRHl0"], program: ["sh", "-c", "kill -15 $$"] },
  "the socket is 0 and 1": {
    args: ["-vRHl0"],
    program: ["sh", "-c", "[ /dev/fd/0 -ef /dev/fd/1 ] && echo same >&0"],
  },
  "fd 2 is the log": {
    args: ["-vRHl0"],
    // postern knows the pid, and so logs it, a moment after the program starts.
    program: ["sh", "-c", "sleep 0.5; echo complaint >&2"],
  },
  "arguments as they are": {
    args: ["-vRHl0"],
    program: ["printf", "<%s>", "", "-v", "--", "a b", "é", "\n"],
  },
  "a program in PATH": { args: ["-vRHl0"], program: ["inpath"] },
  "a program of odd bytes": { args: ["-vRHl0"], program: ["prög ram"] },
  "a program that is not there": { args: ["-vRHl0"], program: ["nosuch"] },
  "a path that is not there": { args: ["-vRHl0"], program: ["/no/such"] },
  "no program, errors": { args: ["-QRHl0"], program: ["nosuch"] },
  "no program, silence": { args: ["-qRHl0"], program: ["nosuch"] },
  "a program nobody may run": { args: ["-vRHl0"], program: ["notexec"] },
  "a folder": { args: ["-vRHl0"], program: ["/"] },
  "an empty name": { args: ["-vRHl0"], program: [""] },
  "a script of no interpreter": { args: ["-vRHl0"], program: ["noshebang"] },
  "an interpreter that is not there": {
    args: ["-vRHl0"],
    program: ["badinterp"],
  },
  "signals of the child": {
    args: ["-vRHl0"],
    program: ["grep", "^Sig[BIC]", "/proc/self/status"],
  },

  // What is meant to differ.
  "a name with a blank": {
    args: ["-vRl0"],
    from: "blank",
    differs: {
      why: "such a name is nobody's; tcpserver writes the byte in octal",
      edits: [[/^TCPREMOTEHOST=.*/, ""], [/a\\040b\.example/, ""]],
    },
  },
  "ident answers with control bytes": {
    args: ["-vHl0"],
    from: "control",
    differs: {
      why: "control bytes do not go to programs; the log shows ? in both",
      edits: [[/^TCPREMOTEINFO=.*/, "TCPREMOTEINFO=j?e??[31m"]],
    },
  },
  "-p and the name looks like the address": {
    args: ["-vpRl0"],
    from: "literal",
    differs: {
      why: "an address is no name, so it leads nowhere",
      edits: [[/^TCPREMOTEHOST=.*/, ""], [/ NET19:NET19:/, " :NET19:"]],
    },
  },
  "the rules are a folder": {
    args: ["-vXRHl0"],
    rules: "folder",
    differs: {
      why: "tcpserver's child crashes, which refuses without a word",
      edits: [[
        /^(tcpserver: pid .*)$/,
        "$1\ntcpserver: warning: dropping connection, unable to read FOLDER/folder.cdb: not a regular file",
      ], [/status 11$/, "status 28416"]],
    },
  },
  "ignored signals": {
    args: ["-vRHl0"],
    ignoring: true,
    program: ["grep", "^SigIgn", "/proc/self/status"],
    differs: {
      why: "a program starts with every signal's default, nohup or not",
      edits: [[/^SigIgn:.*/, "SigIgn:\t0000000000000000"]],
    },
  },
};
