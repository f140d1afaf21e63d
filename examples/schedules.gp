# SPDX-License-Identifier: MIT
# The picture of `schedules`, which writes what is used here: the table, n, steps, the title of each panel, its first
# column in the table, and the name of each column.
set terminal svg size 1500,810 font "Helvetica,15" background "white"
set output "schedules.svg"
set datafile separator ","
set border 3 linecolor "gray40"
set tics nomirror
set xtics 0, steps / 2
set ytics 0, 0.5
set grid linecolor "gray90"
set xrange [0:steps]
set yrange [0:1.05]

# The colours suit the colour-blind. Where lines lie on each other, the later is thinner.
colours = "#0072b2 #d55e00 #009e73 #cc79a7"
do for [i = 1:4] { set linetype i linecolor rgb word(colours, i) linewidth 4.2 - 0.7 * i }

# Where the names of the lines do not cover them.
place(title) = title eq "Polynomial" || title eq "WarmupStableDecay" ? "bottom left" \
             : title eq "OneCycle" ? "at graph 0.7, 0.3" : "top right"

set multiplot layout ceil(n / 5.0), 5 margins 0.03, 0.985, 0.06, 0.945 spacing 0.03, 0.115
do for [i = 1:n] {
  set title titles[i] font ",17" offset 0, -0.4
  eval "set key Left reverse samplen 1.5 spacing 1.1 font ',14' " . place(titles[i])
  plot for [c = first[i]:first[i + 1] - 1] "schedules.csv" skip 1 using 1:c with lines \
    linetype c - first[i] + 1 title names[c]
}
