#!/bin/sh
GREETDELAY=15
export GREETDELAY
exec tcpserver -v -R -l 0 -u 1003 -g 102 0 smtp greetdelay 20 /var/qmail/bin/qmail-smtpd 2>&1
