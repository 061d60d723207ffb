#!/bin/sh
export SPFBEHAVIOR=3 SMTPAUTH="" FORCETLS=1 NODNSCHECK= CHKUSER_RCPTLIMIT=50 BADMIMETYPE=1
export TARPITCOUNT=5 DKSIGN=/etc/dk/private QMAILQUEUE=/var/qmail/bin/qmail-dk SMTPS=1
exec tcpserver -vRHl0 -u 1003 -g 102 0 465 qmail-smtpd 2>&1
