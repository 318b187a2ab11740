# Sums an lcov tracefile up: each room of src/, then the files of which the
# least is covered.

function percent(a, b) {
	return b ? sprintf("%5.1f%%", 100 * a / b) : "    - "
}

/^SF:/ {
	file = $0
	sub(/^.*\/src\//, "", file)
	room = file
	sub(/\/.*/, "", room)
	if (!(room in lines))
		order[++rooms] = room
}
/^LF:/ {
	n = substr($0, 4)
	lines[room] += n
	file_lines[file] += n
}
/^LH:/ {
	n = substr($0, 4)
	hit[room] += n
	file_hit[file] += n
}
/^BRF:/ {
	branches[room] += substr($0, 5)
}
/^BRH:/ {
	taken[room] += substr($0, 5)
}

END {
	printf "%-10s %15s %8s %17s %8s\n", "room", "lines", "", "branches", ""
	for (i = 1; i <= rooms; i++) {
		r = order[i]
		printf "%-10s %7d/%7d %8s %8d/%8d %8s\n", r, hit[r], lines[r],
		    percent(hit[r], lines[r]), taken[r], branches[r],
		    percent(taken[r], branches[r])
		all_l += lines[r]
		all_h += hit[r]
		all_b += branches[r]
		all_t += taken[r]
	}
	printf "%-10s %7d/%7d %8s %8d/%8d %8s\n", "all", all_h, all_l,
	    percent(all_h, all_l), all_t, all_b, percent(all_t, all_b)
	print "\nless than nine lines in ten:"
	for (f in file_lines) {
		if (file_hit[f] * 10 < file_lines[f] * 9)
			printf "%s %s (%d lines not)\n",
			    percent(file_hit[f], file_lines[f]), f,
			    file_lines[f] - file_hit[f] | "sort -n"
	}
}
