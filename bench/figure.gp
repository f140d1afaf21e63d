# SPDX-License-Identifier: MIT
# orthogonalize.png from orthogonalize.csv: the time of five steps of Newton–Schulz against the side of a
# square matrix, and what it would be at the peak of the multiply-adds.
data = "orthogonalize.csv"
set datafile separator comma columnheaders
set terminal pngcairo size 1000,700 noenhanced
set output "orthogonalize.png"

# A row's name is square/WHO/m:SIDE/n:SIDE/threads:COUNT; its time is in microseconds.
side(name) = real(substr(name, strstrt(name, "/m:") + 3, strstrt(name, "/n:") - 1))
is(name, who, threads) = strstrt(name, "square/".who."/m:") == 1 && strstrt(name, "/threads:".threads) > 0
microseconds(who, threads) = is(strcol("name"), who, threads) ? column("real_time") : NaN

# The peak is flops over their share of it, in any row; five steps are 20 m³ operations.
backends = system("cut -d/ -f2 ".data." | grep -v name | uniq")
stats data using (is(strcol("name"), "tiled", "1") ? column("flops") / column("share_of_peak") : NaN) nooutput
peak = STATS_max

set logscale x 2
set logscale y
set xlabel "side of the matrix"
set ylabel "microseconds"
set xrange [32:4096]
set grid
set key bottom right
set datafile missing NaN
plot for [threads in "1 2"] for [i = 1:words(backends)] data \
       using (side(strcol("name"))):(microseconds(word(backends, i), threads)) \
       with linespoints linecolor i dashtype int(threads) title word(backends, i).", threads: ".threads, \
     20 * x**3 / peak * 1e6 with lines linecolor "black" dashtype 3 title "float peak of one thread"
