# drops.awk - the table of hopd-drops(7), from the rows of src/base/drop.h.
#
#	awk -f man/drops.awk src/base/drop.h

function icmp(type, code)
{
	if (type == 3 && code == 0) return "network unreachable"
	if (type == 3 && code == 1) return "host unreachable"
	if (type == 3 && code == 2) return "protocol unreachable"
	if (type == 3 && code == 3) return "port unreachable"
	if (type == 3 && code == 4) return "fragmentation needed, with the MTU"
	if (type == 3 && code == 5) return "source route failed"
	if (type == 3 && code == 13) return "administratively prohibited"
	if (type == 11 && code == 0) return "time exceeded in transit"
	if (type == 11 && code == 1) return "time exceeded in reassembly"
	if (type == 12) return "parameter problem, with the offset"
	return "type " type " code " code
}

/^\/\* .* \*\/[ \t]*\\$/ {
	title = $0
	gsub(/^\/\* | \*\/[ \t]*\\$/, "", title)
	if (open)
		print ".El"
	print ".Ss " toupper(substr(title, 1, 1)) substr(title, 2)
	print ".Bl -tag -width ip-martian-source"
	open = 1
}

/^X\(/ {
	split($0, quoted, "\"")
	split(quoted[3], number, ",")
	gsub(/[ \t]/, "", number[2])
	gsub(/[ \t]/, "", number[3])
	print ".It Sy " quoted[2]
	print toupper(substr(quoted[4], 1, 1)) substr(quoted[4], 2) "."
	if (number[2] != "NO_ICMP")
		print "ICMP: " icmp(number[2], number[3]) "."
}

END { if (open) print ".El" }
