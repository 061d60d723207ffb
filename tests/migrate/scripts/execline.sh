#!/command/execlineb -P
# as s6 has it
fdmove -c 2 1
foreground { echo "starting smtpd" }
backtick -n LIMIT { cat /etc/smtpd.limit }
importas -i -u LIMIT LIMIT
s6-softlimit -m 30000000
s6-tcpserver4 -v -c ${LIMIT} -u 1003 -g 102 0.0.0.0 25
recordio
qmail-smtpd
