#!/bin/sh
ZONES="-a white.example.org -r black.example.org"
ZONES="$ZONES -c -b -r worse.example.org"
exec tcpserver -vRHl0 -u 1003 -g 102 0 25 \
  rblsmtpd -t 30 $ZONES \
  recordio qmail-smtpd 2>&1
