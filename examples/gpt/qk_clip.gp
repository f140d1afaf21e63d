# SPDX-License-Identifier: MIT
# The largest attention logit under Muon at a high rate, free and held by QkClip. From the repository's root:
#
#     build/demo/examples/gpt --learning-rate 0.1 --steps 600 --validate 10 --output free
#     build/demo/examples/gpt --learning-rate 0.1 --steps 600 --validate 10 --output held --qk-clip 20
#     gnuplot examples/gpt/qk_clip.gp > examples/gpt/qk_clip.svg
set terminal svg size 960,400 font "Helvetica,15" background "white"
set datafile separator ","
set multiplot layout 1,2
set border 3 linecolor "gray40"
set tics nomirror
set grid linetype 1 linecolor "gray90"
set style line 1 linecolor "#d55e00" linewidth 2.5
set style line 2 linecolor "#0072b2" linewidth 2.5
set xlabel "steps"
set yrange [0:300]
set ylabel "largest attention logit"
plot "free/gpt.csv" skip 1 using 1:7 with lines linestyle 1 title "Muon", \
     "held/gpt.csv" skip 1 using 1:7 with lines linestyle 2 title "Muon and QkClip, 20"
set yrange [*:*]
set ylabel "validation loss, nats a character"
plot "free/gpt.csv" skip 1 using 1:4 with lines linestyle 1 notitle, \
     "held/gpt.csv" skip 1 using 1:4 with lines linestyle 2 notitle
